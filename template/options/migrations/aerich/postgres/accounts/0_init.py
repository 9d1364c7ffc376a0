from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "roles" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(50) NOT NULL UNIQUE,
    "description" VARCHAR(200) NOT NULL,
    "permissions" JSONB NOT NULL
);
        COMMENT ON TABLE "roles" IS 'A named set of permissions, such as `user:read`.';
        CREATE TABLE IF NOT EXISTS "users" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "username" VARCHAR(50) NOT NULL,
    "username_key" VARCHAR(100) NOT NULL UNIQUE,
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
    "created_at" TIMESTAMPTZ NOT NULL,
    "used_at" TIMESTAMPTZ,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "revoked_at" TIMESTAMPTZ,
    "owner_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
);
        CREATE INDEX IF NOT EXISTS "idx_tokens_family_f37cee" ON "tokens" ("family");
        CREATE INDEX IF NOT EXISTS "idx_tokens_expires_68fa67" ON "tokens" ("expires_at");
        COMMENT ON TABLE "tokens" IS 'A secret that stands for its owner, such as a refresh token.';
        CREATE TABLE IF NOT EXISTS "user_roles" (
    "user_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
    "role_id" INT NOT NULL REFERENCES "roles" ("id") ON DELETE CASCADE
);
        CREATE UNIQUE INDEX IF NOT EXISTS "uidx_user_roles_user_id_63f1a8" ON "user_roles" ("user_id", "role_id");"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP TABLE IF EXISTS "user_roles";
        DROP TABLE IF EXISTS "tokens";
        DROP TABLE IF EXISTS "users";
        DROP TABLE IF EXISTS "roles";"""


MODELS_STATE = (
    "eJztWm1z4jYQ/isaPl1nckziAMllOp2BhDT0AnQCaTvXdHzCFliDLfls+RLmmv/elYzfDQ"
    "EuSYHLhxBY7crSs9Lq0Xq/VbBh8IAJv3rDbVI5Q98qDDvyS67lAASum5ZLkcAjZVXxQEdJ"
    "8MgXHjYECMfY9gmITOIbHnUF5UyqNpF8gol8IhAfI5d4DvV9aPQPkB8YFsI++hz4xDvzCD"
    "Y/V2WvJjegW8omm3YQMPolILrgEyIs4kE3f/8DYspM8gADn/90p/qYEtvM4EBN2YGS62Lm"
    "KlmHiUulKMc20g1uBw5LlN2ZsDiLtSkTUjohjHhYENm98AIJDQtsew5hhFY40kQlHGLKxi"
    "RjHNgSYGkdDiCRVXS91x/qg/ZQ1ysF8COLFJxzkQHwgeOodKyc/UQO4b12VDupnR43aqeg"
    "ooYZS04ew0cnwISGCp7esPKo2rHAoYbCOAFV/S/Aem5hrxzXSD+HLAw5j2yE4/ZC6+AH3S"
    "ZsIiz4WT9cguMfzZvzq+bNu/rhT/KBHDZWuN168xZNNUmoE2jTw1oD4ZzZ8wAdCRKkk6AQ"
    "w1p5FaC1w1WQBq2FUKu2LNap2FPE+rdBv1eOdc4sh7VJDYH+RTb1C2Hj2TD/eRwwQwKKRg"
    "G1BWV+VT7vl5fyxRLoJUyyZ8f3v9hpxN91m3/lnXF+3W8pyLgvJp7qRXXQAsfICD6epsKN"
    "FIywMb3HnqkXWrjGF+kWmxzNKY1j8pgpcX0Xs9mQy0+1ADqABWZGWQSLT9lb6GnnYtljtL"
    "IjafJ8h5vE1gtkIpqmR2w5yVghJhBj7ikfTMksAlgPT9XYPfMmaTJvEpbHg4kVG8S9AdIw"
    "DCLC4NccnDcv2lKu5w9jtXoczPBEieR05eTicQ/5lLByfhQ2PUGQhFRamSH5xPCA3QgLCy"
    "SXjukjwAVR4SN+DwNPiA5GHhnDRrCQekIZW9q8szt2x/rMnindwVXzvVZvIOpDL9wj5hno"
    "wzeIsMjg7kxyMeBWSE0ZcRemixgXFoyjioYWuWMhBuFAPOLa2CCIYHg0l5wMjYjN2QQejT"
    "gjgI1D7dkBgvEiAn8RdXsJOteikx+F0X3QtOPjE+3wuHFar52c1E8PY2pXbFrG8VqdXyXN"
    "y4Tnp3nfFCa/DiuJ9F+Pjrwa8ztqrMBHjhoL6YhsyrKRcKPrFvatdTDOme0dxW7UVgC6UV"
    "sItGzKAh3GpiLGt7edi3KME4scvEFAzaq0e571/D8c/mWoKkiPw7WbpmpqolksYe0pIoBF"
    "Ec8LaBHUIeWYZi3zJHpuWo2+7GK8kPkLef5GHGUx4MNOtz0YNru/Z5j0RXPYli2aks5y0n"
    "f52BJ3gv7sDK+Q/Ik+9XvtvBdjveGniiJJgeA64/c6NlNrMJJGqGW8DixtE5enzJ7B3/OB"
    "bou7d8S9ESZL/UseXArdbeDirOXr7OotiZo752WPfAVKv8lGzlq+7eVt9rK6JOrr3pvSVk"
    "/fnnbhNH61C1QhkZXzRdERl3AfpxP2kbx8vmk7NlZZxsnD9/F9P7P8SpNAjy+WHXwik6SA"
    "L00kRS5ZlkeKE44rpJEYmndRkhXKtr3lU7Y4HBwsyafI5bDuu7S0zR7mVZ7/jVoEmEo8bw"
    "B0ZLd3mZWjld6pHS15p3ZUfKdGHEztdWCODfYOX62+SuoKtBa/s6wXklcu9v17DufYunnC"
    "guEeBg+tXl8J8foSxOt5xIEJFHEeONi2F56Sc5ONiPOWXYXmB+WxdtKIj0b5Y9lhOOg2r6"
    "+j0y/FNXwdGA/9WgJni3ObYLaAc6TtcpiOwPCllm0UOV73gtnq968zd8tWJ8crerfdVhsC"
    "s1rEoERFhm68JWd/8OSsa27o9azlm9e3xesleZ646GHFkplkeSSlDLkQPLe7/HgjizvKC8"
    "mKVRM7tgIWJSAyO4hxQTZFSNlWe/C5T+g8W8VVUij0vRVXUV3zTl0Q1q+4iqaZr7hKStey"
    "FVepsqp8xVWqGOv7Kq7CM6ckUfb4H8Bq8rk="
)
