"""A deployment of an application in Python: it writes and searches with one model until a line arrives on stdin, then prints its counts as JSON.

Arguments: client, database URL, URL of the provider, model, dimensions, first key, and for langchain-store the schema.
"""

import json
import sys
import threading
import urllib.request
import uuid

CLIENT, DATABASE, PROVIDER, MODEL, DIMENSIONS, FIRST = sys.argv[1:7]
SCHEMA = sys.argv[7] if len(sys.argv) > 7 else "public"


def embed(texts):
    request = urllib.request.Request(
        PROVIDER + "/embeddings",
        json.dumps({"model": MODEL, "input": texts, "dimensions": int(DIMENSIONS)}).encode(),
        {"content-type": "application/json", "authorization": "Bearer test"},
    )
    with urllib.request.urlopen(request) as answer:
        return [item["embedding"] for item in json.load(answer)["data"]]


class Psycopg:
    """Upserts and searches by unqualified statements, as an application writes them by hand."""

    def __init__(self):
        import psycopg

        # A pooler in transaction mode keeps no prepared statements.
        self.connection = psycopg.connect(DATABASE, autocommit=True, prepare_threshold=None)

    def write(self, key, text):
        vector = str(embed([text])[0])
        self.connection.execute(
            """INSERT INTO documents (id, content, embedding) VALUES (%s, %s, %s)
               ON CONFLICT (id) DO UPDATE SET content = excluded.content, embedding = excluded.embedding RETURNING id""",
            (int(FIRST) + key, text, vector),
        ).fetchone()

    def search(self, text):
        rows = self.connection.execute("SELECT content FROM documents ORDER BY embedding <=> %s LIMIT 1", (str(embed([text])[0]),))
        return rows.fetchone()[0]


def embeddings():
    from langchain_core.embeddings import Embeddings

    class FromProvider(Embeddings):
        def embed_documents(self, texts):
            return embed(list(texts))

        def embed_query(self, text):
            return embed([text])[0]

    return FromProvider()


class LangChain:
    """PGVector of langchain-postgres: one table for all collections, found by the search_path."""

    def __init__(self):
        from langchain_postgres import PGVector

        self.store = PGVector(
            embeddings=embeddings(),
            collection_name="chunks",
            connection=DATABASE.replace("postgres://", "postgresql+psycopg://"),
            embedding_length=int(DIMENSIONS),
            use_jsonb=True,
            create_extension=False,
        )

    def write(self, key, text):
        self.store.add_texts([text], ids=[f"{FIRST}-{key}"])

    def search(self, text):
        return self.store.similarity_search(text, k=1)[0].page_content


class LangChainStore:
    """PGVectorStore of langchain-postgres: names the schema in each statement."""

    def __init__(self):
        from langchain_postgres import PGEngine, PGVectorStore

        engine = PGEngine.from_connection_string(DATABASE.replace("postgres://", "postgresql+psycopg://"))
        if SCHEMA == "public":
            engine.init_vectorstore_table("chunks", int(DIMENSIONS))
        self.store = PGVectorStore.create_sync(engine, embeddings(), "chunks", schema_name=SCHEMA)

    def write(self, key, text):
        self.store.add_texts([text], ids=[str(uuid.UUID(int=int(FIRST) + key))])

    def search(self, text):
        return self.store.similarity_search(text, k=1)[0].page_content


stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
client = {"psycopg": Psycopg, "langchain": LangChain, "langchain-store": LangChainStore}[CLIENT]()
counts = {"writes": 0, "searches": 0, "misses": 0, "errors": []}
print("ready", flush=True)
while not stop.is_set():
    # The same forty rows again and again, so that most writes are conflicts.
    key = counts["writes"] % 40
    text = f"{MODEL} wrote row {FIRST} {key} in round {counts['writes'] // 40}"
    try:
        client.write(key, text)
        counts["writes"] += 1
        counts["misses"] += client.search(text) != text
        counts["searches"] += 1
        stop.wait(0.01)
    except Exception as error:  # every error of the application counts
        counts["errors"].append(f"{type(error).__name__}: {error}"[:500])
        stop.wait(0.05)
print(json.dumps(counts), flush=True)
