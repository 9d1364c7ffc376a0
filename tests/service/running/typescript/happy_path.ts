// A client of the running service: signs up, signs in, and uses notes. Throws where it is surprised.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Note = components["schemas"]["NoteDetail"];
type Problem = components["schemas"]["Problem"];

declare const process: { argv: string[] };

const [, , baseUrl, username] = process.argv as [string, string, string, string];
const password = "correct horse battery staple";
const api = createClient<paths>({ baseUrl });

function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const account = await api.POST("/api/users", {
  body: { username, email: `${username}@example.org`, password, confirm_password: password },
});
expect(account.data?.username === username, "signs up");

const tokens = await api.POST("/api/auth/login", {
  body: { username, password },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
expect(tokens.data !== undefined, "signs in");
const { access_token } = tokens.data;
api.use({
  onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${access_token}`),
});

const written = await api.POST("/api/notes", { body: { title: "Bread", body: "Flour" } });
expect(written.data !== undefined, "writes a note");
const note: Note = written.data;
const own = { params: { path: { note_id: note.id } } };

const read = await api.GET("/api/notes/{note_id}", own);
expect(read.data?.title === "Bread", "reads it");

const changed = await api.PATCH("/api/notes/{note_id}", { ...own, body: { title: "Rolls" } });
expect(changed.data?.title === "Rolls" && changed.data.body === "Flour", "changes it");

await api.POST("/api/notes", { body: { title: "Cake", body: "" } });
const page = await api.GET("/api/notes", { params: { query: { page: 2, size: 1, sort: "title" } } });
expect(page.data?.total === 2 && page.data.pages === 2, "counts notes");
expect(page.data.items[0]?.title === "Rolls", "turns pages");

const refused = await api.POST("/api/notes", { body: { title: "", body: "" } });
const problem: Problem | undefined = refused.error;
expect(refused.response.status === 422 && problem?.status === 422, "is told what is wrong");
expect(problem.errors?.[0]?.field === "title", "is told in which field");

const deleted = await api.DELETE("/api/notes/{note_id}", own);
expect(deleted.response.status === 204, "deletes a note");
const gone = await api.GET("/api/notes/{note_id}", own);
expect(gone.error?.status === 404, "finds it no more");

console.log(`${username} is happy`);
