import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** The service worker, told which files there are: it keeps them all, under a name that changes when any of them does. */
function offline(): Plugin {
  let out = "dist";
  return {
    name: "offline",
    apply: "build",
    configResolved(config) {
      out = config.build.outDir;
    },
    closeBundle() {
      const files = every(out).filter((path) => path !== "sw.js").sort();
      const digest = createHash("sha256");
      for (const path of files) digest.update(path).update(readFileSync(join(out, path)));
      const worker = readFileSync("src/sw.js", "utf8")
        .replace("__FILES__", JSON.stringify(files.map((path) => (path === "index.html" ? "./" : path))))
        .replace("__VERSION__", JSON.stringify(digest.digest("hex").slice(0, 12)));
      writeFileSync(join(out, "sw.js"), worker);
    },
  };
}

function every(folder: string, top = folder): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? every(path, top) : [relative(top, path)];
  });
}

export default defineConfig({
  base: "./",
  publicDir: "build/public",
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  worker: { format: "es" },
  plugins: [offline()],
});
