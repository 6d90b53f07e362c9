import Basics
import SQLite
import Synchronization
import Tabular
import Testing

@testable import BatchScoring

@Suite struct PredictionStoreTests {
    private let thread = ThreadExecutor(name: "store-tests")

    @Test func plainSQLSeesCompleteRunsOnly() async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in
            let store = try openStore(fixture)
            let identity = RunIdentity.made("a")
            _ = try store.begin(identity, input: "x.csv", inputBytes: 9, hold: false, at: .now)
            _ = try store.store(.made(0..<3, rejects: [1]), run: identity.run, at: .now)
            for view in ["predictions", "current_predictions", "rejects"] {
                #expect(try fixture.sql("SELECT count(*) FROM \(view)") == [["0"]])
            }
            #expect(try fixture.sql("SELECT state, rows, rejects FROM runs") == [["running", "2", "1"]])
            _ = try store.end(run: identity.run, rows: 3, at: .now)
            let current = try fixture.sql(
                """
                SELECT model, version, run, entity, prediction, scores, row
                FROM current_predictions ORDER BY row
                """)
            #expect(
                current == [
                    ["m", "1", identity.run, "e0", "0.1", "", "0"],
                    ["m", "1", identity.run, "e2", "2.1", "", "2"],
                ])
            #expect(
                try fixture.sql("SELECT row, line, reason, detail, input FROM rejects")
                    == [["1", "3", "ragged", "bad", "row 1"]])
        }
    }

    @Test func currentIsTheNewestApprovedRunOfEachModel() async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in
            let store = try openStore(fixture)
            func current(_ model: String = "m") throws -> [[String]] {
                try fixture.sql(
                    "SELECT entity, version FROM current_predictions WHERE model = '\(model)' ORDER BY entity"
                )
            }
            func decide(_ event: RunMachine.Event, _ identity: RunIdentity) throws {
                _ = try store.decide(event, run: identity.run, by: "ada", note: "why", at: .now)
            }
            let first = RunIdentity.made("a")
            let second = RunIdentity.made("a", version: 2)
            try writeRun(store, first, rows: 3)
            try writeRun(store, .made("a", model: "n"), rows: 1)
            try writeRun(store, second, rows: 2, hold: true)
            #expect(try current() == [["e0", "1"], ["e1", "1"], ["e2", "1"]])
            try decide(.approve, second)
            #expect(try current() == [["e0", "2"], ["e1", "2"], ["e2", "1"]])
            #expect(try current("n") == [["e0", "1"]])
            // Approving what is approved changes no order.
            try decide(.approve, first)
            #expect(try current() == [["e0", "2"], ["e1", "2"], ["e2", "1"]])
            try decide(.reject, second)
            #expect(try current() == [["e0", "1"], ["e1", "1"], ["e2", "1"]])
            try decide(.approve, second)
            try decide(.hold, first)
            #expect(try current() == [["e0", "2"], ["e1", "2"]])
            #expect(
                try fixture.sql("SELECT state, decided_by, note FROM runs WHERE run = '\(first.run)'")
                    == [["held", "ada", "why"]])
        }
    }

    @Test func theLastRowOfARepeatedKeyIsCurrentAndAllStay() async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in
            let store = try openStore(fixture)
            try writeRun(store, .made("a"), rows: 25) { "e\($0 % 4)" }
            #expect(
                try fixture.sql("SELECT entity, row FROM current_predictions ORDER BY entity")
                    == [["e0", "24"], ["e1", "21"], ["e2", "22"], ["e3", "23"]])
            #expect(try fixture.sql("SELECT count(*) FROM predictions") == [["25"]])
        }
    }

    /// The view against a fold over the same history in Swift.
    @Test(arguments: 0..<4) func currentAgreesWithAFold(seed: Int) async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in
            var random = SeededRandom(seed: UInt64(seed))
            func pick(_ count: Int) -> Int { Int(random.unit() * Double(count)) }
            let store = try openStore(fixture)
            var keys: [String: [String]] = [:]
            var approvals: [String] = []
            var complete: [RunIdentity] = []
            for step in 0..<30 {
                if complete.isEmpty || pick(5) < 2 {
                    let identity = RunIdentity.made("\(step)", model: "m\(pick(2))", version: step)
                    let hold = pick(2) == 0
                    let rowKeys = (0...pick(12)).map { _ in "k\(pick(9))" }
                    try writeRun(store, identity, rows: rowKeys.count, blockRows: 5, hold: hold) {
                        rowKeys[$0]
                    }
                    keys[identity.run] = rowKeys
                    complete.append(identity)
                    if !hold { approvals.append(identity.run) }
                } else {
                    let run = complete[pick(complete.count)].run
                    let event = [RunMachine.Event.approve, .hold, .reject][pick(3)]
                    _ = try store.decide(event, run: run, by: nil, note: nil, at: .now)
                    if event != .approve {
                        approvals.removeAll { $0 == run }
                    } else if !approvals.contains(run) {
                        approvals.append(run)
                    }
                }
                var expected: [String: String] = [:]
                for run in approvals {
                    let model = complete.first { $0.run == run }?.model ?? ""
                    for (row, key) in (keys[run] ?? []).enumerated() {
                        expected["\(model) \(key)"] = "\(run) \(row)"
                    }
                }
                let rows = try fixture.sql(
                    "SELECT model || ' ' || entity, run || ' ' || row FROM current_predictions")
                #expect(rows.count == expected.count, "seed \(seed), step \(step)")
                for row in rows { #expect(expected[row[0]] == row[1], "seed \(seed), step \(step)") }
            }
        }
    }

    /// Throws at the Nth step for N = 0, 1, …, opens the store again as the next process would, and goes
    /// on; the rows are those of an undisturbed run, each once.
    @Test func aRunKilledAtAnyStepResumes() async throws {
        struct Killed: Error {}
        let kills = try await thread.run { () throws -> Int in
            let identity = RunIdentity.made("a")
            var kills = 0
            for target in 0..<100 {
                let fixture = try StoreFixture()
                var step = 0
                var killed = false
                while true {
                    let store = try openStore(fixture)
                    store.onStep = { _ in
                        step += 1
                        // Once more during the recovery.
                        if step == target + 1 || step == 2 * target + 3 { throw Killed() }
                    }
                    do {
                        try writeRun(store, identity, rows: 25, rejects: [3, 11, 24])
                        break
                    } catch let error as BatchError {
                        #expect(error.cause is Killed)
                        killed = true
                        kills += 1
                    }
                }
                #expect(
                    try fixture.sql(
                        "SELECT count(*), count(DISTINCT row), min(row), max(row) FROM predictions")
                        == [["22", "22", "0", "23"]])
                #expect(
                    try fixture.sql("SELECT rows, rejects, state, next_row FROM runs")
                        == [["22", "3", "approved", "25"]])
                #expect(try fixture.sql("SELECT count(*) FROM rejects") == [["3"]])
                if !killed { return kills }
            }
            return -1
        }
        #expect(kills > 20, "-1: a run of few steps never ended")
    }

    /// Four threads with connections of their own, two of them on the same run, and a reader.
    @Test func writersAndReadersShareTheFile() async throws {
        let fixture = try StoreFixture()
        let done = StopSignal()
        try await thread.run { () throws in _ = try openStore(fixture) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in ["a", "a", "b", "c"] {
                group.addTask {
                    try await ThreadExecutor(name: "writer").run { () throws in
                        try writeRun(openStore(fixture), .made(name), rows: 2_000, blockRows: 37)
                    }
                }
            }
            group.addTask {
                try await ThreadExecutor(name: "reader").run { () throws in
                    var options = Connection.Options.readOnly
                    options.busyTimeout = .seconds(5)
                    var reads = 0
                    repeat {
                        let reader = try Connection(path: fixture.path, options)
                        let counts = try reader.query("SELECT run, count(*) FROM predictions GROUP BY run")
                        for row in counts { #expect(row.values[1] == .integer(2_000)) }
                        #expect(try reader.integer("SELECT count(*) % 2000 FROM current_predictions") == 0)
                        reads += 1
                    } while !done.isRaised || reads < 3
                }
            }
            for _ in 0..<4 { try await group.next() }
            done.raise()
            try await group.waitForAll()
        }
        let totals = try await thread.run { () throws in
            try fixture.sql("SELECT count(*), sum(rows), count(DISTINCT run) FROM runs")
        }
        #expect(totals == [["3", "6000", "3"]])
    }

    /// Writers come and go, so that the file is opened and closed for the last time again and again. While it
    /// is opened for the first time SQLite itself holds it for a moment: a reader needs some busy timeout,
    /// however short.
    @Test func aReaderIsNeverLockedWhileWritersComeAndGo() async throws {
        let fixture = try StoreFixture()
        let done = StopSignal()
        try await thread.run { () throws in _ = try openStore(fixture) }
        async let reads = ThreadExecutor(name: "reader").run { () throws -> Int in
            var options = Connection.Options.readOnly
            options.busyTimeout = .seconds(5)
            var reads = 0
            repeat {
                let reader = try Connection(path: fixture.path, options)
                #expect(try reader.integer("SELECT count(*) % 20 FROM current_predictions") == 0)
                reads += 1
            } while !done.isRaised || reads < 3
            return reads
        }
        try await thread.run { () throws in
            defer { done.raise() }
            for number in 0..<60 {
                try writeRun(openStore(fixture), .made("\(number)", model: "m\(number)"), rows: 20)
            }
        }
        #expect(try await reads > 0)
    }

    @Test func queriesByRunKeyModelAndSQL() async throws {
        let fixture = try StoreFixture()
        let first = RunIdentity.made("a")
        let second = RunIdentity.made("b", model: "n", version: 7)
        try await thread.run { () throws in
            let store = try openStore(fixture)
            try writeRun(store, first, rows: 3, rejects: [0])
            try writeRun(store, second, rows: 2)
        }
        let store = PredictionStore(path: fixture.path)
        func rows(_ query: PredictionQuery) async throws -> [String] {
            let found = Mutex<[String]>([])
            try await store.predictions(query) { row in
                found.withLock { $0.append("\(row.model)@\(row.version) \(row.entity) \(row.row)") }
                #expect(row.prediction == .real(Double("\(row.row).1") ?? 0))
                #expect(row.scores == nil)
            }
            return found.withLock { $0 }
        }
        #expect(
            try await rows(PredictionQuery(run: String(first.run.prefix(9)))) == ["m@1 e1 1", "m@1 e2 2"])
        #expect(try await rows(PredictionQuery(key: "e1")).sorted() == ["m@1 e1 1", "n@7 e1 1"])
        #expect(try await rows(PredictionQuery(key: "e1", model: "n")) == ["n@7 e1 1"])
        #expect(try await rows(PredictionQuery(model: "n", version: 6)) == [])
        #expect(try await rows(PredictionQuery(limit: 1)).count == 1)
        #expect(try await store.runs().map(\.run) == [second.run, first.run])
        #expect(try await store.runs(model: "m", state: .held) == [])
        await #expect(throws: BatchError(.unknownRun, "")) { _ = try await store.run("zz") }
        await #expect(throws: BatchError(.unknownRun, "")) { _ = try await store.run("") }
        let answer = Mutex<[String]>([])
        try await store.query("SELECT model, count(*) AS n FROM predictions GROUP BY 1 ORDER BY 1") {
            names, values in
            answer.withLock { $0.append("\(names) \(values)") }
        }
        #expect(answer.withLock { $0.count } == 2)
        #expect(answer.withLock { $0.first?.hasPrefix("[\"model\", \"n\"]") } == true)
    }

    @Test func aNameThatBeginsSeveralRunsIsAmbiguous() async throws {
        let fixture = try StoreFixture()
        // Seventeen runs begin with sixteen digits: two of them share theirs.
        let runs = try await thread.run { () throws -> [String] in
            let store = try openStore(fixture)
            return try (0..<17).map { number in
                try writeRun(store, .made("\(number)"), rows: 1)
                return RunIdentity.made("\(number)").run
            }
        }
        let digits = Dictionary(grouping: runs) { $0.prefix(1) }
        let shared = try #require(digits.first { $0.value.count > 1 }?.key)
        let store = PredictionStore(path: fixture.path)
        await #expect(throws: BatchError(.ambiguousRun, "")) { _ = try await store.run(String(shared)) }
        #expect(try await store.run(runs[3]).run == runs[3])
    }

    @Test(arguments: [
        "DELETE FROM runs", "DROP VIEW predictions", "SELECT 1; DELETE FROM runs", "ATTACH 'other.db' AS x",
        "CREATE TEMP TABLE t (a)", "VACUUM INTO 'other.db'", "SELEC 1", "",
    ])
    func sqlThatChangesIsRefused(sql: String) async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in try writeRun(openStore(fixture), .made("a"), rows: 3) }
        let store = PredictionStore(path: fixture.path)
        await #expect(throws: BatchError.self) { try await store.query(sql) { _, _ in } }
        let count = try await thread.run { () throws in try fixture.sql("SELECT count(*) FROM predictions") }
        #expect(count == [["3"]])
    }

    @Test func aQueryEndsAtItsTimeLimit() async throws {
        let fixture = try StoreFixture()
        try await thread.run { () throws in try writeRun(openStore(fixture), .made("a"), rows: 1) }
        let store = PredictionStore(path: fixture.path)
        await #expect(throws: BatchError(.query, "")) {
            try await store.query(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
                timeLimit: .milliseconds(50)
            ) { _, _ in }
        }
        #expect(try await store.runs().count == 1)
    }

    @Test func whatIsNoStoreIsSaidSo() async throws {
        let fixture = try StoreFixture()
        let missing = PredictionStore(path: fixture.folder + "/none.db")
        await #expect(throws: BatchError(.store, "")) { _ = try await missing.runs() }
        await #expect(throws: BatchError(.store, "")) { _ = try await missing.approve("a") }
        let text = PredictionStore(path: try fixture.write("no database, but a text of some length", "t.db"))
        await #expect(throws: BatchError(.store, "")) { _ = try await text.runs() }
        await #expect(throws: BatchError(.store, "")) { _ = try await text.hold("a") }
    }

    @Test func singlePrecisionKeepsItsDigits() {
        var random = SeededRandom(seed: 7)
        var broken: [Float] = []
        for _ in 0..<20_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard value.isFinite else { continue }
            let number = PredictionText.number(value)
            if Float(number) != value || number != Double(value.description) { broken.append(value) }
        }
        #expect(broken.isEmpty)
    }
}
