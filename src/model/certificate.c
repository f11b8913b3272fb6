/* certificate.c - a certificate that steps use: its file is a secret, what is in it is told. The
 * members that a person cannot write are read from the file (api/certificates.c). Other
 * certificates than those by which agents know the server. See resource.h. */
#include <string.h>

#include "base/time.h"
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

#define TOLD(member, text)                                                     \
    {                                                                          \
        member, FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"\"", .doc = text \
    }

static const struct field chain_fields[] = {
    {"SubjectDistinguishedName", FIELD_STRING, .doc = "whom it names"},
    {"IssuerDistinguishedName", FIELD_STRING, .doc = "who issued it"},
    {"Thumbprint", FIELD_STRING, .doc = "SHA-1 of it"},
    {"NotAfter", FIELD_TIME, .doc = "end of its validity"},
    {"NotBefore", FIELD_TIME, .doc = "begin of its validity"},
    {"Version", FIELD_INT, .max = INT32_MAX, .doc = "version of the standard"},
    {"SerialNumber", FIELD_STRING, .doc = "its number"},
    {"SignatureAlgorithmName", FIELD_STRING, .doc = "how it is signed"},
    {.name = NULL},
};

const struct field certificate_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name"),
    {"Notes", FIELD_STRING, .fallback = "\"\"", .doc = "for people"},
    {"CertificateData", FIELD_SENSITIVE, FIELD_REQUIRED | FIELD_CREATE_ONLY,
     .doc = "the file in base64: PFX, PEM or DER"},
    {"Password", FIELD_SENSITIVE, FIELD_CREATE_ONLY, .doc = "password of the file"},
    {"EnvironmentIds", FIELD_LIST, .item = FIELD_STRING, .ref_kind = "Environments",
     .doc = "environments that may use it; empty: all"},
    {"TenantedDeploymentParticipation", FIELD_STRING, .choices = tenancy_choices,
     .fallback = "\"Untenanted\"", .doc = "whether it is for tenants"},
    {"TenantIds", FIELD_LIST, FIELD_FILTER, .item = FIELD_STRING, .doc = "tenants that may use it"},
    {"TenantTags", FIELD_LIST, FIELD_FILTER, .item = FIELD_STRING, .doc = "tags of such tenants"},
    {"CertificateDataFormat", FIELD_STRING, FIELD_READ_ONLY, .fallback = "\"Unknown\"",
     .doc = "Pkcs12, Pem or Der"},
    {"Archived", FIELD_TIME, FIELD_READ_ONLY | FIELD_OMIT_NULL, .doc = "when it was archived"},
    {"ReplacedBy", FIELD_STRING, FIELD_READ_ONLY | FIELD_OMIT_NULL,
     .doc = "the certificate that took its place"},
    TOLD("SubjectDistinguishedName", "whom it names"),
    TOLD("SubjectCommonName", "common name of that"),
    TOLD("SubjectOrganization", "organization of that"),
    {"SubjectAlternativeNames", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_STRING,
     .doc = "other names of that"},
    TOLD("IssuerDistinguishedName", "who issued it"),
    TOLD("IssuerCommonName", "common name of that"),
    TOLD("IssuerOrganization", "organization of that"),
    {"SelfSigned", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: issued by itself"},
    {"Thumbprint", FIELD_STRING, FIELD_READ_ONLY | FIELD_FILTER, .fallback = "\"\"",
     .doc = "SHA-1 of it"},
    {"NotAfter", FIELD_TIME, FIELD_READ_ONLY, .doc = "end of its validity"},
    {"NotBefore", FIELD_TIME, FIELD_READ_ONLY, .doc = "begin of its validity"},
    {"IsExpired", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: that is over"},
    {"HasPrivateKey", FIELD_BOOL, FIELD_READ_ONLY, .doc = "true: the file has its key"},
    {"Version", FIELD_INT, FIELD_READ_ONLY, .max = INT32_MAX, .doc = "version of the standard"},
    TOLD("SerialNumber", "its number"),
    TOLD("SignatureAlgorithmName", "how it is signed"),
    {"CertificateChain", FIELD_LIST, FIELD_READ_ONLY, .item = FIELD_OBJECT, .fields = chain_fields,
     .doc = "other certificates in the file"},
    ROW_LINKS,
    {.name = NULL},
};

const struct field replace_certificate_fields[] = {
    {"CertificateData", FIELD_STRING, FIELD_REQUIRED | FIELD_WRITE_ONLY,
     .doc = "the new file in base64"},
    {"Password", FIELD_STRING, FIELD_WRITE_ONLY, .doc = "its password"},
    {.name = NULL},
};

const struct field certificate_usage_fields[] = {
    {"ProjectUsages", FIELD_LIST, .item = FIELD_ANY, .doc = "projects whose variables name it"},
    {"LibraryVariableSetUsages", FIELD_LIST, .item = FIELD_ANY,
     .doc = "library variable sets whose variables name it"},
    {"TenantUsages", FIELD_LIST, .item = FIELD_ANY, .doc = "always empty"},
    {"DeploymentTargetUsages", FIELD_LIST, .item = FIELD_ANY, .doc = "targets that use it"},
    ROW_LINKS,
    {.name = NULL},
};

/* Lists can be put in order of the end of validity; not a member that clients see. */
static void complete(json_t *doc)
{
    int64_t ms = 0;

    (void)time_parse_iso(jv_str(doc, "NotAfter", ""), &ms);
    jv_set_i64(doc, "SortOrder", ms / 1000);
}

static void present(json_t *doc, int64_t now_ms)
{
    int64_t ms;

    jv_set_bool(doc, "IsExpired", time_parse_iso(jv_str(doc, "NotAfter", ""), &ms) && ms < now_ms);
}

static void refer(const json_t *doc, struct references *out)
{
    references_add_value(out, "IsArchived", jv_str(doc, "Archived", NULL) ? "true" : "false");
}

#define CERTIFICATE "/api/{SpaceId}/certificates/{Id}"
static const struct link_template links[] = {
    {"Self", CERTIFICATE},
    {"Usages", CERTIFICATE "/usages"},
    {"Export", CERTIFICATE "/export{?format,includePrivateKey,password,pemOptions}"},
    {"Replace", CERTIFICATE "/replace"},
    {"Archive", CERTIFICATE "/archive"},
    {"Unarchive", CERTIFICATE "/unarchive"},
    {NULL, NULL},
};

const struct resource certificate_resource = {
    .kind = "Certificates",
    .item_type = "Certificate",
    .noun = "Certificate",
    .route = "certificates",
    .fields = certificate_fields,
    .links = links,
    .name_member = "Name",
    .order = ORDER_BY_NAME,
    .complete = complete,
    .present = present,
    .refer = refer,
};
