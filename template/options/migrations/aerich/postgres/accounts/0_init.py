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
    "eJztWm1z4jYQ/isaPqUzOSYhQHKZTmcgIT16ATqBtJ1rOj5hC6zBlny2fAlzzX/vSsbvhg"
    "AHKXD5EIJXu7L0rLR6tOy3EtZ17jPhle+4RUqX6FuJYVt+ybQcg8BxknIpEniorEou6CgJ"
    "HnrCxboA4QhbHgGRQTzdpY6gnEnVBpJvMJBHBOIj5BDXpp4Hjd4x8nzdRNhDn32PuJcuwc"
    "bnsuzV4Dp0S9l43Q58Rr/4RBN8TIRJXOjm739ATJlBnmDgs0dnoo0osYwUDtSQHSi5JqaO"
    "krWZuFGKcmxDTeeWb7NY2ZkKk7NImzIhpWPCiIsFkd0L15fQMN+yZhCGaAUjjVWCISZsDD"
    "LCviUBltbBAGJZSdO6vYHWbw00rZQDP7RIwDkT6QAfOI5Kx8rZj+UQ3lVOq+fVi7N69QJU"
    "1DAjyflz8OoYmMBQwdMdlJ5VOxY40FAYx6Cq/zlYr0zsFuMa6meQhSFnkQ1x3F1obfykWY"
    "SNhQmPtZMFOP7RuLv60Lg7qp38JF/IYWMF2607a6moJgl1DG1yWCsgnDHbDNChIEY6DgoR"
    "rKVXAbpysgzSoDUXatWWxjoRe/JY/9bvdYuxzphlsDaoLtC/yKJeLmxsDPOfRz7TJaBo6F"
    "NLUOaV5ft+2ZYvFkAvYZI92573xUoiftRp/JV1xtVtr6kg454Yu6oX1UETHCMj+GiSCDdS"
    "MMT65BG7hpZr4RU+TzffZFfswjgmj5kC13cwmw64/FQLoA1YYKYXRbDolL2HnvYulj2HKz"
    "uUxu+3uUEsLUcmwmm6xJKTjBQiAjHirvLBhExDgLXgVI3cM2uSJrMmYbrcH5uRQdQbIA3D"
    "ICIIfo3+VeO6JeVa9jBWq8fGDI+VSE5XTi4a94BPCCvmR0HTCwRJSKWlGZJHdBfYjTCxQH"
    "LpGB4CXBAVHuKPMPCY6GDkkhFsBBOpNxSxpfU7e2APrMesqdLtf2i8q9TqiHrQC3eJcQn6"
    "8A0iLNK5M5VcDLgVUlNG3IHpIsaFCeMoo4FJHliAQTAQlzgW1gkiGF7NJSdDQ2JxNoZXI8"
    "4IYGNTa3qMYLyIwF9I3bZB55p0/KMwuveVytnZeeXkrH5Rq56f1y5OImqXb1rE8ZrtXyXN"
    "S4Xnl3nfBCa/CisJ9V+Pjrwa8zutL8FHTutz6YhsSrORYKNrJvbMVTDOmB0cxa5XlwC6Xp"
    "0LtGxKAx3EpjzG9/ft62KMY4sMvL5PjbK028x6/h8O/yJUFaRnwdpNUjU10TSWsPYUEcAi"
    "j+c1tAhqk2JM05ZZEj0zLYdf9jFeyPyFPH9DjjIf8EG70+oPGp3fU0z6ujFoyZaKkk4z0q"
    "NsbIk6QX+2Bx+QfESfet1W1ouR3uBTSZEkX3CN8UcNG4k1GEpD1FJeB5a2jssTZhvw92yg"
    "u+LuPXFviMlC/5Inh0J3a7g4bfk6u3pHoubeedklX4HSr7OR05Zve3mXvawuidqq96ak1c"
    "u3p304jV/tApVLZGV8kXfEDdzH6Zh9JNvPN+3GxirKOLn4Mbrvp5ZfYRLoeWvZwRcySQr4"
    "wkRS6JJFeaQo4bhEGomhWRcFWaF021s+ZYfDwfGCfIpcDqv+lpa0OcC8yuZ/UQsBU4nnNY"
    "AO7Q4us7KV39SIjam1CsyRweHhW1smdQVa8/Gt5ZJXDva8Rw7n2Kp5wpzhAQaPSq22FOK1"
    "BYjXsogDE8jj3LexZc09JWcmaxHnHbsKzQ7Ks8p5PToa5cOiw7Dfadzehqdfgmt4GjAe+r"
    "UAzibnFsFsDudI2mUwHYLhtpZtGDle94LZ7PVuU3fLZjvDK7r3nWbr7uhULWJQoiJFN96S"
    "sz94ctYx1vR62vLN67vi9YI8T1T0sGTJTLw84lKGTAie2d18vJPFHcWFZPmqiT1bAfMSEK"
    "kdxLgg6yKkbMtd+DwkdDZWcRUXCn1vxVVY17xXF4TVK67CaWYrruLStXTFVaKsKltxlSjG"
    "+r6Kq+DMKUiUPf8H6vvyvA=="
)
