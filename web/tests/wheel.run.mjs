/** Runs the library's own tests in Pyodide, and prints {files, code, passed, failures} as its last line. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** What a browser has not, or is built for one machine: hypothesis, processes, threads, sockets, terminals, limits. */
const ELSEWHERE = /\b(hypothesis|subprocess|resource|threading|multiprocessing|signal|rich|pty|ctypes)\b|tests\.(limits|fuzz|range_server)|tools\.|setrlimit|sys\.executable|tests\.test_|conftest|importlib\.metadata/;
const wheels = join(root, ".venv", "wheel");
const wheel = readdirSync(wheels).find((name) => name.endsWith(".whl"));
const py = await loadPyodide({ stdout: (line) => process.env.VERBOSE && console.log(line) });
py.unpackArchive(new Uint8Array(readFileSync(join(wheels, wheel))), "wheel");
py.FS.mkdirTree("/nparams/tests");
py.FS.mount(py.FS.filesystems.NODEFS, { root: join(root, "tests") }, "/nparams/tests");
py.FS.mkdirTree("/nparams/docs");
py.FS.mount(py.FS.filesystems.NODEFS, { root: join(root, "docs") }, "/nparams/docs");
py.FS.mkdirTree("/packages");
py.FS.mount(py.FS.filesystems.NODEFS, { root: packages() }, "/packages");
const files = readdirSync(join(root, "tests"))
  .filter((name) => /^test_.*\.py$/.test(name))
  .filter((name) => !ELSEWHERE.test(readFileSync(join(root, "tests", name), "utf8")));
if (process.env.VERBOSE) py.runPython("import os; os.environ['VERBOSE'] = '1'");
py.globals.set("files", py.toPy(files));
const told = py.runPython(`
import os, sys
os.chdir("/nparams")
os.environ["NPARAMS_SHARED"] = "/nowhere"
sys.dont_write_bytecode = True
sys.path[:0] = ["/nparams"]
sys.path.append("/packages")
from nparams.page.deep import guard

guard()  # as the page does
import pytest

class Counted:
  passed = failed = 0
  failures = []

  def pytest_collection_modifyitems(self, config, items):
      # objects that hold each other 100,000 deep end Pyodide as they are let go (the page then starts it anew);
      # a browser has no named pipes
      unfit = ("deep", "nest", "pipe", "what_is_no_file")
      items[:] = [item for item in items if not any(word in item.nodeid for word in unfit)]

  def pytest_runtest_logstart(self, nodeid, location):
      if "VERBOSE" in os.environ:
          print(nodeid)

  def pytest_runtest_logreport(self, report):
      if report.failed:
          self.failures.append(f"{report.nodeid}: {str(report.longrepr)[-600:]}")
      elif report.when == "call":
          self.passed += report.passed

counted = Counted()
code = pytest.main(["-q", "-s", "--noconftest", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:hypothesispytest", "--tb=short", *["tests/" + name for name in files]], plugins=[counted])
import json
json.dumps({"code": int(code), "passed": counted.passed, "failures": counted.failures[:40]})
`);
process.stdout.write(`\n${JSON.stringify({ files: files.length, ...JSON.parse(told) })}\n`);
process.exit(0);

/** pytest and hypothesis, as the core environment has them. */
function packages() {
  const lib = join(root, ".venv", "core", "lib");
  return join(lib, readdirSync(lib)[0], "site-packages");
}
