-- Packages of the built-in feeds, one of which is in each space. package_fold and version_key are unique together in a
-- space; by bytes, version_key is ordered as versions are. prerelease: 1 when the version has a tag. content: hash of the blob.
create table package (
    id text primary key,
    number bigint not null,
    space_id text not null,
    package_id text not null,
    package_fold text {{C}} not null,
    version text not null,
    version_key text {{C}} not null,
    prerelease smallint not null,
    extension text not null,
    size bigint not null,
    content text not null,
    title text not null,
    summary text not null,
    description text not null,
    notes text not null,
    published_at bigint not null
);
create unique index package_version on package (space_id, package_fold, version_key desc);
create index package_content on package (content);
create index artifact_content on artifact (content);

-- How packages were built, by id and version; the package itself need not be here. body: the document of the answer.
create table build_information (
    id text primary key,
    number bigint not null,
    space_id text not null,
    package_id text not null,
    package_fold text {{C}} not null,
    version text not null,
    version_key text {{C}} not null,
    created_at bigint not null,
    body text not null
);
create unique index build_information_version on build_information (space_id, package_fold, version_key desc);
