-- The certificates by which the installation shows itself to its agents. Times are UTC milliseconds.

-- certificate: PEM. sealed_key: the private key (PKCS #8, PEM) sealed with the master key. One row is the current one; the
-- others are former ones that count until accepted_until.
create table server_certificate (
    thumbprint text primary key,
    certificate text not null,
    sealed_key text not null,
    is_current smallint not null,
    accepted_until bigint not null,
    created_at bigint not null
);
create unique index server_certificate_current on server_certificate (is_current) where is_current = 1;
