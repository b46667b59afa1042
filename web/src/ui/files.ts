/** Files: chosen, or dropped anywhere on the page, alone, together or as a folder. */
import { at } from "../dom";

export interface Given {
  file: File;
  /** its path inside what was dropped */
  path: string;
}

/** Files that are taken at once. */
const MOST = 2_000;

export function watched(taken: (given: Given[]) => void): void {
  const input = at<HTMLInputElement>("files");
  at("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    taken([...(input.files ?? [])].map((file) => ({ file, path: file.name })));
    input.value = "";
  });
  const veil = at("drop");
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (event.dataTransfer?.types.includes("Files")) {
      depth += 1;
      veil.hidden = false;
    }
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) veil.hidden = true;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", async (event) => {
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    const given = await dropped(event.dataTransfer);
    if (given.length) taken(given);
  });
}

async function dropped(data: DataTransfer | null): Promise<Given[]> {
  const items = [...(data?.items ?? [])].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.some((entry) => entry?.isDirectory)) {
    const found: Given[] = [];
    for (const entry of entries) if (entry) await walk(entry, "", found);
    return found;
  }
  return [...(data?.files ?? [])].map((file) => ({ file, path: file.name }));
}

async function walk(entry: FileSystemEntry, above: string, found: Given[]): Promise<void> {
  if (found.length >= MOST) return;
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, path });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const each of some) await walk(each, `${path}/`, found);
  }
}
