import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const HERE = import.meta.dirname;
const INTO = join(HERE, "../../src/tashika/web/static/web/flow");

/** Which sources a bundle was built from; a test compares it with those that lie beside. */
function sourcesHash(): string {
  const sources = readdirSync(join(HERE, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(HERE.length + 1));
  const files = [...sources, "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"].sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(HERE, file)));
  return hash.digest("hex");
}

const keepsHash: Plugin = {
  name: "keeps-hash",
  closeBundle() {
    writeFileSync(join(INTO, "sources.sha256"), `${sourcesHash()}\n`);
  },
};

export default defineConfig({
  plugins: [keepsHash],
  resolve: {
    alias: [
      { find: "react/jsx-runtime", replacement: "preact/jsx-runtime" },
      { find: "react-dom/client", replacement: "preact/compat/client" },
      { find: /^react(-dom)?$/, replacement: "preact/compat" },
    ],
  },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    outDir: INTO,
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      input: join(HERE, "src/main.tsx"),
      output: { entryFileNames: "flow.js", assetFileNames: "flow[extname]", codeSplitting: false },
    },
  },
});
