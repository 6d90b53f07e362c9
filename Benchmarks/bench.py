"""What the drivers share: the engines, the models, processes with their processor time, and lines of results.

Only Python's standard library. Everything is written below one working folder, which is removed at the end;
a broker that was started here is stopped.
"""

import atexit
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def say(text):
    print(text, file=sys.stderr, flush=True)


def add_options(parser):
    parser.add_argument("--program", default=os.environ.get("MODELCAST_PROGRAM", f"{ROOT}/.build/release/modelcast"))
    parser.add_argument("--python", default=find_python(), help="an interpreter with confluent-kafka, xgboost, numpy")
    parser.add_argument("--port", type=int, default=19792, help="where a Kafka is started")
    parser.add_argument("--bootstrap", help="a Kafka that runs already, instead of starting one")
    parser.add_argument("--results", help="append the lines to this file")
    parser.add_argument("--note", default="", help="a word that every line carries")


def find_python():
    candidates = [os.environ.get("MODELCAST_PYTHON"), f"{ROOT}/.venv/bin/python"]
    return next((path for path in candidates if path and os.path.exists(path)), sys.executable)


def can_python(python):
    """Whether the Python peer's packages are there."""
    command = [python, "-c", "import confluent_kafka, numpy, xgboost"]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


class Workspace:
    """A folder for everything that a run writes."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="modelcast-bench-")
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)


class Process:
    """A process whose standard output is kept and whose processor time is known at its end (wait4)."""

    def __init__(self, command, environment=None, name="process", folder=None):
        self.name, self.command = name, command
        merged = dict(os.environ, **(environment or {}))
        self.output = tempfile.TemporaryFile("w+", dir=folder)
        self.errors = tempfile.TemporaryFile("w+", dir=folder)
        self.process = subprocess.Popen(
            command, stdout=self.output, stderr=self.errors, stdin=subprocess.DEVNULL, env=merged
        )

    def wait(self, limit=600):
        """Waits for the end; the last JSON line of the output, with the processor time of the whole life."""
        end = time.monotonic() + limit
        while True:
            identity, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if identity:
                break
            if time.monotonic() > end:
                self.process.kill()
            time.sleep(0.01)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.output.seek(0)
        lines = [line for line in self.output.read().splitlines() if line.startswith("{")]
        if self.process.returncode != 0 or not lines:
            self.errors.seek(0)
            raise SystemExit(
                f"{' '.join(map(str, self.command))}\nended with {self.process.returncode}:\n{self.errors.read()[:2000]}"
            )
        result = json.loads(lines[-1])
        result["processSeconds"] = usage.ru_utime + usage.ru_stime
        result["memoryMB"] = round(usage.ru_maxrss / 1024, 1)
        return result


class Engine:
    """A log to measure on. `url` is what `--broker` takes."""

    def __init__(self, name, url, program):
        self.name, self.url, self.program = name, url, program

    def modelcast(self, *words, limit=600):
        command = [self.program, *map(str, words), "--broker", self.url, "--format", "json"]
        return Process(command).wait(limit)

    def make_topics(self, workspace, names, partitions=4):
        folder = tempfile.mkdtemp(dir=workspace.path)
        for name in names:
            with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
                file.write(f"name: {name}\npurpose: a benchmark\nkey: id\nvalue: JSON\nwriters: [bench]\nreaders: [bench]\npartitions: {partitions}\ncleanup: delete\nretention: 1h\n")
        self.modelcast("topics", "apply", "--definitions", folder)


def embedded(workspace, program):
    return Engine("embedded", f"file:{workspace.file('log.db')}", program)


def kafka(workspace, options):
    """Starts a broker, or takes the one that was given; None where there is none."""
    if options.bootstrap:
        return Engine("kafka", f"kafka://{options.bootstrap}", options.program)
    script = os.environ.get("MODELCAST_KAFKA") or os.path.join(ROOT, "../shared/kafka/kafka")
    if not os.path.exists(script) or not shutil.which("java"):
        return None
    folder = workspace.file("kafka")
    subprocess.run(
        [script, "start", "--dir", folder, "--port", str(options.port)], check=True, stdout=subprocess.DEVNULL
    )
    stop = [script, "stop", "--dir", folder]
    atexit.register(subprocess.run, stop, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Engine("kafka", f"kafka://127.0.0.1:{options.port}", options.program)


def delete_topics(python, engine, names):
    """Frees the disk between runs, where there is a client that can; never fails."""
    if engine.name != "kafka":
        return
    source = (
        "import sys\nfrom confluent_kafka.admin import AdminClient\n"
        "futures = AdminClient({'bootstrap.servers': sys.argv[1]}).delete_topics(sys.argv[2:])\n"
        "[future.exception() for future in futures.values()]"
    )
    bootstrap = engine.url.removeprefix("kafka://")
    subprocess.run([python, "-c", source, bootstrap, *names], stderr=subprocess.DEVNULL, check=False)


class Models:
    """The models that are measured, made once a run: FOLDER/NAME/model.json and schema.json."""

    def __init__(self, workspace, options, features=30):
        self.workspace, self.options, self.features = workspace, options, features

    def folder(self, name):
        folder = self.workspace.file(f"models/{name}")
        if not os.path.exists(folder):
            os.makedirs(folder)
            if name == "logistic":
                self._linear(folder)
            else:
                self._trees(folder, int(name.removeprefix("trees")))
        return folder

    def publish(self, engine, name):
        folder = self.folder(name)
        engine.modelcast(
            "publish", name, f"{folder}/model.json", "--schema", f"{folder}/schema.json",
            "--cache", self.workspace.file("cache"),
        )

    def _linear(self, folder):
        source = random.Random(1)
        names = [f"f{index}" for index in range(self.features)]
        model = {
            "modelcast": "linear", "version": 1, "kind": "logistic", "features": self.features,
            "featureNames": names, "intercepts": [0.25],
            "weights": [[round(source.gauss(0, 0.4), 4) for _ in names]],
        }
        with open(f"{folder}/model.json", "w", encoding="utf-8") as file:
            json.dump(model, file)
        schema = {"version": 1, "features": [{"name": name, "kind": "float"} for name in names]}
        with open(f"{folder}/schema.json", "w", encoding="utf-8") as file:
            json.dump(schema, file)

    def _trees(self, folder, trees):
        table = self.workspace.file("train.csv")
        if not os.path.exists(table):
            self._table(table)
        words = ["--param", f"rounds={trees}", "--param", "max_depth=6", "--param", "model_format=json"]
        words += ["--param", f"early_stopping_rounds={trees}"]
        Process(
            [self.options.program, "train", "--data", table, "--label", "y", "--algorithm", "xgboost", *words,
             "--name", "trees", "--output", folder, "--format", "json"]
        ).wait()

    def _table(self, path):
        """Rows whose label depends on products of features, so that every tree grows to its depth."""
        source = random.Random(1)
        count = self.features
        with open(path, "w", encoding="utf-8") as file:
            file.write(",".join(f"f{index}" for index in range(count)) + ",y\n")
            for _ in range(20_000):
                row = [sum(source.uniform(-1, 1) for _ in range(4)) for _ in range(count)]
                score = sum(
                    (-1) ** index * row[index] * row[(index * 7 + 3) % count] / (1 + index % 5)
                    for index in range(count)
                )
                label = int(score + source.gauss(0, 1) > 0)
                file.write(",".join(f"{value:.4f}" for value in row) + f",{label}\n")


class Results:
    """Lines of results: on standard output, and appended to a file."""

    def __init__(self, options):
        self.path, self.note = options.results, options.note

    def add(self, **line):
        line["load"] = round(os.getloadavg()[0], 2)
        line["at"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        if self.note:
            line["note"] = self.note
        text = json.dumps(line)
        print(text, flush=True)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(text + "\n")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def raise_on_termination():
    """So that brokers are stopped and folders removed when a run is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
