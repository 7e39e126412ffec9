// Builds dist/ from src/ and styles/, or another folder: `node build.mjs FOLDER`. The output carries content hashes only in chunk and font names,
// so that two builds of one source are the same byte for byte.
import { build } from "esbuild";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = resolve(process.argv[2] ?? `${root}dist`);
await rm(dist, { recursive: true, force: true });

// Every browser that runs our scripts reads woff2: the older forms of each font are left out.
const onlyWoff2 = {
  name: "only-woff2",
  setup(pluginBuild) {
    pluginBuild.onLoad({ filter: /katex\.css$/ }, async (args) => {
      const { readFile } = await import("node:fs/promises");
      const text = await readFile(args.path, "utf8");
      const contents = text.replace(/,\s*url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)/g, "");
      return { contents, loader: "css" };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: {
    site: "src/site.ts",
    workbench: "src/workbench.ts",
    sets: "src/sets.ts",
    review: "src/review.ts",
    authoring: "src/authoring.ts",
    preview: "src/preview.ts",
    touchstone: "styles/touchstone.css",
    icon: "styles/icon.svg",
    katex: "node_modules/katex/dist/katex.css",
  },
  outdir: `${dist}/touchstone`,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  chunkNames: "chunk-[hash]",
  assetNames: "fonts/[name]",
  loader: { ".woff2": "file", ".svg": "copy" },
  plugins: [onlyWoff2],
  logLevel: "warning",
});
