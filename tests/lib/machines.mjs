// Bodies of workers and of what they need, as clients send them.
let count = 0;
const fresh = (noun) => `${noun} ${process.pid} ${++count}`;

export const endpoints = {
    listening: () => ({ CommunicationStyle: 'TentaclePassive', Uri: 'https://listening.test/', Thumbprint: '3f' }),
    polling: () => ({ CommunicationStyle: 'TentacleActive', Uri: 'poll://abcdefghijklmnopqrst/', Thumbprint: 'AA11BB22CC33DD44EE55FF6677889900AABBCCDD' }),
    ssh: (AccountId) => ({ CommunicationStyle: 'Ssh', AccountId, Host: 'ssh.test', Port: 22, Fingerprint: 'SHA256: x', DotNetCorePlatform: 'linux-x64', Uri: 'ssh://ssh.test:22/' }),
    kubernetes: () => ({
        CommunicationStyle: 'KubernetesTentacle', UpgradeLocked: false, DefaultNamespace: 'default',
        TentacleEndpointConfiguration: { CommunicationMode: 'Polling', Thumbprint: '9C', Uri: 'poll://kkkkkkkkkkkkkkkkkkkk/', CertificateSignatureAlgorithm: 'sha256RSA' },
    }),
};

export const sshAccount = (Name = fresh('SSH account')) => ({
    Name, AccountType: 'SshKeyPair', Username: 'deploy', PrivateKeyFile: { HasValue: true, NewValue: 'bm90IGEga2V5' },
});

export const worker = (pool, endpoint, more = {}) => ({ Name: fresh('Worker'), WorkerPoolIds: [pool.Id], Endpoint: endpoint, ...more });
