// A client that signs in by user name and password and keeps cookies, as a browser or the .NET client does.
import { Api } from './api.mjs';

export class Browser {
    constructor(url) {
        this.api = new Api(url);
        this.cookies = new Map();
    }

    // The value of the one cookie whose name starts so.
    cookie(prefix) {
        const found = [...this.cookies].filter(([name]) => name.startsWith(prefix));
        if (found.length !== 1) throw new Error(`${found.length} cookies start with ${prefix}`);
        return found[0][1];
    }

    get csrf() {
        return this.cookie('Octopus-Csrf-Token');
    }

    // Sends the cookies and, unless `csrf` is false, the header that goes with them.
    async send(method, path, body, { csrf = true, headers = {} } = {}) {
        const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await this.api.send(method, path, body, {
            headers: {
                ...(cookie ? { Cookie: cookie } : {}),
                ...(csrf && this.cookies.size ? { 'X-Octopus-Csrf-Token': this.csrf } : {}),
                ...headers,
            },
        });
        answer.cookies = answer.headers.getSetCookie();
        for (const line of answer.cookies) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            if (/Max-Age=0(;|$)/.test(line)) this.cookies.delete(name);
            else this.cookies.set(name, value);
        }
        return answer;
    }

    signIn(Username, Password, more = {}) {
        return this.send('POST', '/api/users/login',
            { Username, Password, RememberMe: false, State: { UsingSecureConnection: false }, ...more });
    }
}

// A browser with a session.
export async function signedIn(url, username, password, more) {
    const browser = new Browser(url);
    const answer = await browser.signIn(username, password, more);
    if (answer.status !== 200) throw new Error(`sign-in of ${username}: ${answer.status} ${answer.text}`);
    return browser;
}
