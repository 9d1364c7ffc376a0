from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "login_failures" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "key_hash" VARCHAR(64) NOT NULL,
    "window" BIGINT NOT NULL,
    "count" INT NOT NULL,
    CONSTRAINT "uid_login_failu_key_has_fd2e71" UNIQUE ("key_hash", "window")
) /* How often a name, or an address, was tried in one window of time. */;
        CREATE INDEX IF NOT EXISTS "idx_login_failu_window_90577f" ON "login_failures" ("window");
        CREATE TABLE IF NOT EXISTS "users" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "username" VARCHAR(50) NOT NULL,
    "username_key" VARCHAR(200) NOT NULL UNIQUE,
    "email" VARCHAR(254) NOT NULL UNIQUE,
    "password_hash" VARCHAR(255) NOT NULL,
    "age" SMALLINT,
    "is_active" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL
) /* An account. */;
        CREATE TABLE IF NOT EXISTS "tokens" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "secret_hash" VARCHAR(64) NOT NULL UNIQUE,
    "family" CHAR(36) NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "prefix" VARCHAR(16) NOT NULL,
    "scopes" JSON,
    "created_at" TIMESTAMP NOT NULL,
    "last_used_at" TIMESTAMP,
    "used_at" TIMESTAMP,
    "expires_at" TIMESTAMP,
    "revoked_at" TIMESTAMP,
    "owner_id" BIGINT NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
) /* A secret that stands for its owner. */;
        CREATE INDEX IF NOT EXISTS "idx_tokens_family_f37cee" ON "tokens" ("family");
        CREATE INDEX IF NOT EXISTS "idx_tokens_expires_68fa67" ON "tokens" ("expires_at");
        CREATE TABLE IF NOT EXISTS "roles" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(50) NOT NULL UNIQUE,
    "description" VARCHAR(200) NOT NULL,
    "permissions" JSON NOT NULL
) /* A named set of permissions, such as `user:read`. */;
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
    "eJztW2tv4jgU/SsWn7oSg9q00G61Wgn62LLTwqrQ3dU8lDGJIRbBzsTOUDTb/762836QAq"
    "UMMP3QNrF9HfucG9/rE/d7BRoG9QhntVs6wuQaYttzUeUcfK8QOJEXc1pURYXjJOtlEYcD"
    "WxnZsq0+9BurKjhg3IUGF7VDaDMkikzEDBc7HFMibW7oFNAhRwRAIB9eBdQFUNyZpuiDVc"
    "EUMsBdjEyACaAEgSkmpjICHE9QTT7GpIZ4DiajtfXoEfzVQzqnI8Qt5Ip+P36sjNFMtyCz"
    "ZAPfpvL5s7gWl+hRTFg0krfOWB9iZJspQLEprVS5zmeOKmvhUZvwa9VWzmKgG9T2JiRu78"
    "y4RUlkgAmXpSNEkAs5kk/gridRJZ5tBzSEQPtTiJv4o0zYmGgIPVtyI639AcRlFV3vdPt6"
    "76qv65Ucb6FFAvigyKBEco6lc0gARnII737VtOPjU+3wuHFWPzk9rZ8dnom2arz5qtMnfz"
    "AxWn5XCrP2H+1OXw6ICsfy/U4WPCkbyKFvpciI0U8yl+bgwoJuMQNJmwwPYoJZHkLUy4gI"
    "C2Im4pdiE1RM4KNuIzLilrhtnJSg/Hfz/uKmeX/QOPklDXUnqNFUlQQ9Bjl4JZZy89jmeV"
    "dfDeJ9dfYYd7US52Gfi3nU/rUg36xX+5hrRyenJ2fHjZMI6qikDGEfTblqD8eJlUMWDKAx"
    "nkLX1HM1VKPz2uarJtokWwIJHCmg5Izk4KJo26djRIoDsV/1TATmstGCkbcJGDJcxAG3IA"
    "eMQ2IyMBSxEnMG6FQ4QT62LmDziXwiXWLPVFHvpvlOqzcAZqIxdZF5LoKyuBKrEDCoM1Mx"
    "10JATQBQRwweEMot8bga6FvoE/Fn5D/PRY4NDQQQNCxAZVwGA2RTMgKcqkA+hBNsz6oi2p"
    "sAiZ8wfM8L6W/Be3vWs5LgLSa/VOAO2u9h0D5qLBC0jxpzg7asSgcP/31eOjnKmK0H6h/r"
    "66+cHflrUx7jh4f2ZTHGsUUGXs/DZk3a7V6GVIKqgvTY912HMj5yVaUCKIOl+ruEt4btN7"
    "ciVCqbWQ8ODxdZEA4P568Isi6NruOiIX5cBt/YYv8QXv+KKxIfXx1Jw/tnr9uZs9hGFhl4"
    "TWxw8B+wMVskcw/e822JbCW4SihkzxPGvtpJPA/umv9mob647baya4bsoJXdJrlIYqPDgr"
    "3SpaiR2s+cDVPKMstBYFoLL3YxyRATNGXSHnhJCTX99t1Vr9+8+yvFz2WzfyVrNFU6y5Qe"
    "ZF+PqBPwT7t/A+Qt+NDtXGVpjNr1P1TUPsnjVCd0qkMzEbjC0hC1FOs2ZFz32Eq8Z23XwP"
    "zuvIPbRHSISSnTK5L8xu+O8IseHSy6W4HitOVGWN6SnHrnSHbRNzpe6T1OW769ytvMslIK"
    "9WVVtaTVPknXG5DXcgJ3hos8EdfURXhE3qOZIqNNpNhrFO2iI4X6gaFdVNieQj8LS+N334"
    "XTSA1OuZ+YvolsxP19cbN30by8qjz9qK8GCvjCjwYhJWXfDEQC5C76yYCAoIuCTwPpuje1"
    "fYuXg2qJ2i7dYVl9LWmzh6p7fRGRrT5fY6vnJLYQMH2MCiTh54EO7fZOd9cWEjS1EkFTyw"
    "uaaAKxvQzMkcH+4Vtf5MOGaDUf33ru04YDGZtSEceW/YqUM9zDxUOr1xdCvF6CeD2LuMgE"
    "8jj3JtC250bJwGSlxHnLtkJBoDzWThtRaJQ3ZcGwd9e8vc2fncFMFxkP/lYAZ4tSG0EyJ+"
    "dI2mUwHQjD13LbcOXY7Aaz1e3epvaWrXYmr+g83LWu7g+OlBOLRpin0o03Ff7nVuE9x1yR"
    "9bTlG+vbwnqBzqNGv8RRutg94mNrmSU4sLt+f49sqJDNO0H+hNyOecA8ASJ95IHyoo/GCy"
    "GkbGsd8Xuf0HmhppLQnEWcL4D2DpJZn8rfCytg96KnndsglOhfE2oiW8+pSuE0XelyYm1O"
    "7mp9IKmrOJC71ADgQDiL6AmqpElQxS2XeiMrKo1oKRTbRLmeg/npGaFMDbxQKAunVCaURQ"
    "Na5GytfIIJGOLyiKuD3AlmTFSyKmCeYQHIwBc5y3O5+n8pOmi7fAdrltx+Fr3tRSfHqyVK"
    "2o89pbZFosP69bPksJZAOGO2d4fVXkU9S6w9eaznH1rLmL3o5NpqmP829IghAQUDD9scE1"
    "aTz/v9tbjYxIG2zf2nSlqsXk9+tOoXwh3Lj8JpZvOjONFM50eJJCibHyVSp5flR1HKnEmP"
    "nv4Hmqg04g=="
)
