from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "login_failures" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "key_hash" VARCHAR(64) NOT NULL,
    "window" BIGINT NOT NULL,
    "count" INT NOT NULL,
    CONSTRAINT "uid_login_failu_key_has_fd2e71" UNIQUE ("key_hash", "window")
);
        CREATE INDEX IF NOT EXISTS "idx_login_failu_window_90577f" ON "login_failures" ("window");
        COMMENT ON TABLE "login_failures" IS 'How often one key was tried in one window of time.';
        CREATE TABLE IF NOT EXISTS "users" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "username" VARCHAR(50) NOT NULL,
    "username_key" VARCHAR(200) NOT NULL UNIQUE,
    "email" VARCHAR(254) NOT NULL UNIQUE,
    "password_hash" VARCHAR(255) NOT NULL,
    "age" SMALLINT,
    "is_active" BOOL NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL
);
        COMMENT ON TABLE "users" IS 'An account.';
        CREATE TABLE IF NOT EXISTS "tokens" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(16) NOT NULL,
    "secret_hash" VARCHAR(64) NOT NULL UNIQUE,
    "family" UUID NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "prefix" VARCHAR(16) NOT NULL,
    "scopes" JSONB,
    "created_at" TIMESTAMPTZ NOT NULL,
    "last_used_at" TIMESTAMPTZ,
    "used_at" TIMESTAMPTZ,
    "expires_at" TIMESTAMPTZ,
    "revoked_at" TIMESTAMPTZ,
    "owner_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
);
        CREATE INDEX IF NOT EXISTS "idx_tokens_family_f37cee" ON "tokens" ("family");
        CREATE INDEX IF NOT EXISTS "idx_tokens_expires_68fa67" ON "tokens" ("expires_at");
        COMMENT ON TABLE "tokens" IS 'A secret that stands for its owner.';
        CREATE TABLE IF NOT EXISTS "roles" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(50) NOT NULL UNIQUE,
    "description" VARCHAR(200) NOT NULL,
    "permissions" JSONB NOT NULL
);
        COMMENT ON TABLE "roles" IS 'A named set of permissions, such as `user:read`.';
        CREATE TABLE IF NOT EXISTS "user_roles" (
    "user_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
    "role_id" INT NOT NULL REFERENCES "roles" ("id") ON DELETE CASCADE
);
        CREATE UNIQUE INDEX IF NOT EXISTS "uidx_user_roles_user_id_63f1a8" ON "user_roles" ("user_id", "role_id");"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP TABLE IF EXISTS "user_roles";
        DROP TABLE IF EXISTS "roles";
        DROP TABLE IF EXISTS "tokens";
        DROP TABLE IF EXISTS "users";
        DROP TABLE IF EXISTS "login_failures";"""


MODELS_STATE = (
    "eJztW21v2zYQ/iuEP2VAaiRK7GTFMMB5W7wmzpA429AXqIxE24RlUhWpOEaX/z4e9f5ixX"
    "YS13bzoa18vKPI506840P2ew1bFveZFPUL3qfsDFPH90jtPfpeY3gED1M0tlWD66bbQSTx"
    "naONHNA1e4GybsJ3QnrYkqq1hx1BlMgmwvKoKylnYHPOx4j3JGGIM4KGZILGWCDpUWIjGg"
    "jHlNlaC0k6InXo1+aW6piy/mJdfGafWXcQ6FKBMBpgMdCtSggQqAcsdTd9ek/YNuJe1Ixt"
    "W01OBBpUIgvUex4f6YH5jH7ziSl5nyhlTw3v06eaeo0JbwCFYCS1L1/Us3okDwoopQQ/3a"
    "HZo8SxM46gNlhpuSknrpYd0X6byTOtC2DcmRZ3/BFL9N2JHHAWG1AmQdonjHhYEniD9Hzw"
    "BvMdJ3Rf5KBgColKMMqUjU162HfAp2AdDCCR1Uyzc9U1b067plkr+DuySPkvFFmcQaxQCC"
    "oAoA9DePerYeztHRg7e83Dxv7BQeNw51Dp6vEWmw4eg8EkaAVdaczaf7Q7XRgQVwEZxCsI"
    "HrUNljiw0s5I0E97LuuD4wH2yj2Qtsn5QU0w74cI9SpHRILEE8nHtAxXjPCD6RDWlwP1s7"
    "lfgfLfrevj89b1VnP/lyzUnbDF0E0AegJy+EnMFeaJzdOhvhjEmxrsCe56BS/CPhXzWP+1"
    "IF9uVAeYG7v7B/uHe839GOpYUoVwgCas2r1hauUAwR22hmPs2WahhRt8mm6xaWSM8hLMcF"
    "8DBTOCwcVZusuHhJUn8KDpicwtQWnGjN1CglgekUEGFBIzW6CeSpBUCsTHKgiKKXoGG8jJ"
    "V8yZaNHNeeud0WhCchaSe8R+r5K0elKrELK4O4mSsZ4A4q4aPGJcDtTr6khl9s8smFHwPo"
    "+4DrYIIthSWR7yMrojDmd9JLkuD3p4RJ3JNlLDQkT9idL3tJT+lrxXZz2rSN5q8nMl7lB/"
    "A5P2bnOGpL3bnJq0oSmbPILvee7iKGf2MlD/2Fh/5eooWJuKGN/etk/KMU4scvD6PrXrYL"
    "d+FVIFqhrSvSB2XS5k39ONGqAclvrfOaI10l/eilCrLWc92NmZZUHY2Zm+IkBbFl3XIz36"
    "MA++icXmIfzyK64qfAJWJQvvnzdXnSmLbWyRg9emlkT/IYeKWSr38DtflcxWgStAAT2PhP"
    "jmpPHcumz9m4f6+OLqKL9mQAdH+W2SRwAbE5fslU5UCzBKUzZMGcu8D0LTevSwjkWGmqAN"
    "RXsYJRWu6bYvT2+6rcu/Mv45aXVPocXQ0klOupX/POJO0D/t7jmCn+jjVec078ZYr/uxpv"
    "dJvuQm42MT26nEFUkj1DJed7CQpi8W8nve9gU8vz7f4Co5OsKk0tMLOvnNv2viX/LgUtXd"
    "Ai7OWi7FyytSU6+dkz1yz4cLfcdZy7dPeZW9rJlCc15WLW21SdT1Eui1AsGd80XREWfcI7"
    "TPPpCJdkabAdlrle2iY4b6VpB1ZNgeoziLpMm37+FxzAZnwk9N3yYOkcG+uHVz3Do5rT3+"
    "qFMDDXzpoUHkkqozA1UAebMeGTAUdlFyNJBte2PbV3g52K5g2yEc5uXX0jYbyLo3ZiHZGt"
    "M5tkaBYosAM4ekhBJ+GujIbuN4d2MmQtOoIDSNIqFJRpg688AcG2wevo1ZDjaU1nR8G4Wj"
    "DRcLMeYqj817ilQw3MDFw2g0ZkK8UYF4I4+4qgSKON+MsONMzZKhyUKF84pthcJEuWccNO"
    "PUCD+qkuHNZevionh3hgpTVTz0vgTOI84dgtmUmiNtl8P0Thm+VthGK8dyN5hHV1cXmb3l"
    "UTtXV3RuL49Or7d2dRArJSoz5cYbC/9zs/C+ay/o9azlm9dXxeslPI8e/RxX6ZLwSK6t5Z"
    "bg0O7swzVxsEa2GATFG3JrFgHTCIjslQcuyw6NZ0JI29Y76u9NQueZnEqKc1Z5vgTaS8wm"
    "XQ5/z8yAXaue1m6DUMF/jbhNHLPAKkXT9CDk1Nqc3tUGQHJP+wB2qSHAIXEWuydsApOwSQ"
    "487vcHsTR2SynZpuRmAebHJ4gyPfBSoiyaUhVRFg9olru18AYbCSLhiqtLvBEVQjWKbSR8"
    "a4CwQF9hlu9h9f9adtF2/g5emHL7Wfi2Z90c365g0n7sLbUVIh1enj9LD2sOhHNmG3dZ7V"
    "XYs9TaU8R6+qW1nNmzbq4thvlvPZ9ZACi686kjKRN1eN/vr+WLZVxoW97/VMmS1S9THy16"
    "Qrhm9VE0zXx9lBSa2fooVQTl66NU6fS8+igumXPl0eP/VIJJUg=="
)
