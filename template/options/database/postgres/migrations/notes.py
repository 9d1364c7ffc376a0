"""Notes."""

# add table notes (id, title, body, created_at, updated_at, owner_id)

from tortoise import BaseDBAsyncClient

PART = "notes"
DIALECT = "postgres"
RUN_IN_TRANSACTION = True
MODELS_STATE = "eJyrrgUAAXUA+Q=="
ROLLBACK_DELETES = [
    ("notes", None),
]


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "aerich" (
            "id" SERIAL NOT NULL PRIMARY KEY,
            "version" VARCHAR(255) NOT NULL,
            "app" VARCHAR(100) NOT NULL,
            "content" JSONB NOT NULL
        );
        CREATE TABLE "notes" (
            "id" BIGSERIAL NOT NULL,
            "title" character varying(200) NOT NULL,
            "body" text NOT NULL,
            "created_at" timestamp with time zone NOT NULL,
            "updated_at" timestamp with time zone NOT NULL,
            "owner_id" bigint NOT NULL,
            CONSTRAINT "notes_pkey" PRIMARY KEY (id)
        );
        COMMENT ON TABLE "notes" IS 'A text that belongs to one user.';
        CREATE INDEX "idx_notes_owner_i_871b33" ON "notes" USING btree (owner_id, created_at);
        ALTER TABLE "notes" ADD CONSTRAINT "notes_owner_id_fkey" FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE;
    """


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        ALTER TABLE "notes" DROP CONSTRAINT "notes_owner_id_fkey";
        DROP TABLE "notes";
    """
