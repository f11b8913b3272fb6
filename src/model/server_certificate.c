/* server_certificate.c - how the server shows itself to its agents. Clients know the current one as
 * certificate-global; while another one takes its place both are listed. Only the shape of answers:
 * rows are in store/server_certificate.h. See resource.h. */
#include "model/resource.h"
#include "model/shape.h"

#define TEXT(member, text)                                 \
    {                                                      \
        member, FIELD_STRING, FIELD_READ_ONLY, .doc = text \
    }
const struct field server_certificate_fields[] = {
    ROW_ID,
    TEXT("Name", "its subject"),
    TEXT("Thumbprint", "upper-case SHA-1: what agents trust"),
    TEXT("ThumbprintSha256", "the same by SHA-256"),
    TEXT("SignatureAlgorithm", "such as sha256RSA"),
    {"IsCurrent", FIELD_BOOL, FIELD_READ_ONLY, .doc = "false: a former one that counts still"},
    {"AcceptedUntil", FIELD_TIME, .doc = "until when a former one counts; a past time ends it"},
    {"NotBefore", FIELD_TIME, FIELD_READ_ONLY, .doc = "start of its validity; agents ignore it"},
    {"NotAfter", FIELD_TIME, FIELD_READ_ONLY, .doc = "end of its validity; agents ignore it"},
    ROW_LINKS,
    {.name = NULL},
};

static const struct link_template links[] = {
    {"Self", "/api/configuration/certificates/{Id}"},
    {"PublicCer", "/api/configuration/certificates/{Id}/public-cer"},
    {NULL, NULL},
};

const struct resource server_certificate_resource = {
    .kind = "CertificateConfiguration",
    .item_type = "CertificateConfiguration",
    .noun = "Server certificate",
    .route = "configuration/certificates",
    .system = true,
    .fields = server_certificate_fields,
    .links = links,
    .name_member = "Name",
};
