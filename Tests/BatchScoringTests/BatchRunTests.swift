import Basics
import Foundation
import SQLite
import Testing

@testable import BatchScoring

@Suite struct BatchRunTests {
    private let thread = ThreadExecutor(name: "run-tests")

    private static func options(
        _ fixture: StoreFixture, _ path: String, key: String = "id", hold: Bool = false, blockRows: Int = 7
    ) -> BatchRun.Options {
        BatchRun.Options(
            input: InputOptions(path: path), keyColumn: key, store: fixture.path, hold: hold,
            rejectsPath: fixture.folder + "/rejects.csv", limits: BatchLimits(blockRowsMax: blockRows))
    }

    @Test func everyFormIsStoredWithTheDigitsOfTheService() async throws {
        let rides = RideModel.Ride.made(60, seed: 9)
        for file in RideModel.files(rides) {
            let fixture = try StoreFixture()
            let rideModel = try RideModel(version: 4, classes: true)
            let path = try fixture.write(file.text, file.name)
            let summary = try await BatchRun.run(
                Self.options(fixture, path, key: file.key), model: rideModel.model)
            #expect((summary.rows, summary.rejects, summary.record.progress.state) == (60, 0, .approved))
            let expected = rideModel.oracle(rides)
            let rows = try await thread.run { () throws in
                try fixture.sql(
                    """
                    SELECT entity, row, model, version, prediction, scores
                    FROM current_predictions ORDER BY row
                    """)
            }
            #expect(rows.count == 60)
            for (number, row) in rows.enumerated() {
                #expect(row[0] == rides[number].id)
                #expect(Array(row[1...3]) == ["\(number)", "rides", "4"])
                #expect(Float(row[4]) == expected[number].prediction[0])
                #expect(row[5] == "[" + expected[number].scores.map { "\($0)" }.joined(separator: ",") + "]")
            }
        }
    }

    @Test func theSameCommandAgainHasNothingToDo() async throws {
        let fixture = try StoreFixture()
        let rides = RideModel.Ride.made(20, seed: 10)
        let model = try RideModel().model
        let path = try fixture.write(RideModel.files(rides)[0].text, "a.csv")
        let first = try await BatchRun.run(Self.options(fixture, path), model: model)
        #expect(first.rowsWritten == 20)
        #expect(first.rowsPerSecond > 0)
        // The same bytes elsewhere are the same run.
        let moved = try fixture.write(RideModel.files(rides)[0].text, "b.csv")
        let again = try await BatchRun.run(Self.options(fixture, moved), model: model)
        #expect(again.run == first.run)
        #expect((again.rows, again.rejects, again.rowsWritten) == (20, 0, 0))
        #expect(again.rowsPerSecond == 0)
        // Another version, key or input is another run.
        let others = [
            try await BatchRun.run(Self.options(fixture, path), model: RideModel(version: 2).model).run,
            try await BatchRun.run(Self.options(fixture, path, key: "payment"), model: model).run,
            try await BatchRun.run(
                Self.options(fixture, fixture.write(RideModel.files(rides)[0].text + "\n", "c.csv")),
                model: model
            ).run,
        ]
        #expect(Set(others + [first.run]).count == 4)
    }

    @Test func aHeldRunIsCurrentOnceApproved() async throws {
        let fixture = try StoreFixture()
        let path = try fixture.write(RideModel.files(RideModel.Ride.made(5, seed: 1))[4].text, "a.jsonl")
        let model = try RideModel().model
        let held = try await BatchRun.run(Self.options(fixture, path, hold: true), model: model)
        #expect(held.record.progress.state == .held)
        let store = PredictionStore(path: fixture.path)
        #expect(try await store.runs(state: .held).count == 1)
        let count = { @Sendable () throws in try fixture.sql("SELECT count(*) FROM current_predictions")[0][0]
        }
        #expect(try await thread.run(count) == "0")
        #expect(try await store.approve(held.run, by: "ada").decidedBy == "ada")
        #expect(try await thread.run(count) == "5")
        try await store.reject(held.run, note: "wrong file")
        #expect(try await thread.run(count) == "0")
        await #expect(throws: BatchError(.state, "")) {
            _ = try await BatchRun.run(Self.options(fixture, path), model: model)
        }
    }

    /// A run killed at its Nth step for every N, once more while it recovers, and then left alone: rows,
    /// counts, rejects and the rejects file are those of an undisturbed one.
    @Test(arguments: [0, 2, 4, 6]) func aRunKilledAnywhereEndsWithEachRowOnce(form: Int) async throws {
        struct Killed: Error {}
        let rides = RideModel.Ride.made(30, seed: 11)
        let file = RideModel.files(rides)[form]
        var lines = file.text.split(whereSeparator: \.isNewline).map(String.init)
        for bad in [3, 9, 28] { lines[bad] = "[1,2,3" }
        let text = lines.joined(separator: "\n")
        let kills = try await thread.run { () throws -> Int in
            let model = try RideModel().model
            func result(_ fixture: StoreFixture) throws -> [[String]] {
                try fixture.sql("SELECT entity, row, prediction FROM predictions ORDER BY row")
                    + fixture.sql("SELECT row, line, reason FROM rejects ORDER BY row")
                    + fixture.sql("SELECT run, rows, rejects, next_row, state FROM runs")
                    + [[fixture.read("rejects.csv")]]
            }
            let calm = try StoreFixture()
            let path = try calm.write(text, file.name)
            var worker = try BatchWorker(Self.options(calm, path, key: file.key), model: model)
            _ = try worker.run()
            let expected = try result(calm)
            #expect(expected.count == 30 + 2)
            var kills = 0
            for target in 0..<100 {
                let fixture = try StoreFixture()
                let path = try fixture.write(text, file.name)
                var step = 0
                var killed = false
                while true {
                    var worker = try BatchWorker(Self.options(fixture, path, key: file.key), model: model)
                    worker.store.onStep = { _ in
                        step += 1
                        if step == target + 1 || step == 2 * target + 3 { throw Killed() }
                    }
                    do {
                        let summary = try worker.run()
                        #expect((summary.rows, summary.rejects) == (27, 3))
                        break
                    } catch {
                        #expect((error as? BatchError)?.cause is Killed)
                        killed = true
                        kills += 1
                    }
                }
                #expect(try result(fixture) == expected, "killed at step \(target)")
                if !killed { return kills }
            }
            return -1
        }
        #expect(kills > 20, "-1: a run of few steps never ended")
    }

    /// Two processes with the same command, and one with another model, into one file at once.
    @Test func severalWritersShareARunAndAStore() async throws {
        let fixture = try StoreFixture()
        let rides = RideModel.Ride.made(3_000, seed: 12)
        let path = try fixture.write(RideModel.files(rides)[0].text, "a.csv")
        let summaries = try await withThrowingTaskGroup(of: BatchRun.Summary.self) { group in
            for version in [1, 1, 1, 2] {
                let model = try RideModel(version: version).model
                var options = Self.options(fixture, path, blockRows: 50 + version)
                options.rejectsPath = nil
                group.addTask { [options] in try await BatchRun.run(options, model: model) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(summaries.allSatisfy { $0.rows == 3_000 })
        #expect(summaries.map(\.rowsWritten).reduce(0, +) == 6_000)
        #expect(Set(summaries.map(\.run)).count == 2)
        let counts = try await thread.run { () throws in
            try fixture.sql(
                "SELECT version, count(*), count(DISTINCT row) FROM predictions GROUP BY 1 ORDER BY 1")
        }
        #expect(counts == [["1", "3000", "3000"], ["2", "3000", "3000"]])
    }

    @Test func aRunStopsWhenAskedAndWhenRejectedAndGoesOn() async throws {
        let fixture = try StoreFixture()
        let path = try fixture.write(RideModel.files(RideModel.Ride.made(20, seed: 1))[0].text, "a.csv")
        let model = try RideModel().model
        let stop = StopSignal()
        stop.raise()
        await #expect(throws: BatchError(.stopped, "")) {
            _ = try await BatchRun.run(Self.options(fixture, path), model: model, stop: stop)
        }
        let store = PredictionStore(path: fixture.path)
        let run = try #require(try await store.runs().first).run
        await #expect(throws: BatchError(.state, "")) { _ = try await store.approve(run) }
        await #expect(throws: BatchError(.state, "")) {
            try await store.predictions(PredictionQuery(run: run)) { _ in }
        }
        try await store.reject(run)
        await #expect(throws: BatchError(.state, "")) {
            _ = try await BatchRun.run(Self.options(fixture, path), model: model)
        }
        try await store.hold(run)
        let summary = try await BatchRun.run(Self.options(fixture, path), model: model)
        #expect((summary.rows, summary.record.progress.state) == (20, .held))
    }

    /// The input grows between the digest and the end: the run does not complete, and the store shows
    /// nothing of it.
    @Test func anInputThatChangesCompletesNoRun() async throws {
        let fixture = try StoreFixture()
        let text = RideModel.files(RideModel.Ride.made(20, seed: 1))[0].text
        let path = try fixture.write(text, "a.csv")
        try await thread.run { () throws in
            var worker = try BatchWorker(Self.options(fixture, path), model: try RideModel().model)
            var steps = 0
            worker.store.onStep = { _ in
                steps += 1
                // The run has begun, so the digest is taken.
                if steps == 2 { _ = try fixture.write(text + "cash,ride 99,true,x,1,2\n", "a.csv") }
            }
            #expect(throws: BatchError(.inputChanged, "")) { _ = try worker.run() }
            #expect(try fixture.sql("SELECT count(*) FROM predictions") == [["0"]])
            #expect(try fixture.sql("SELECT state FROM runs") == [["running"]])
        }
    }

    @Test func standardInputAndABadKeyAreRefused() async throws {
        let fixture = try StoreFixture()
        let model = try RideModel().model
        await #expect(throws: BatchError(.file, "")) {
            _ = try await BatchRun.run(Self.options(fixture, "-"), model: model)
        }
        let path = try fixture.write("fare,seconds\n1,2\n", "a.csv")
        await #expect(throws: BatchError(.keyColumn, "")) {
            _ = try await BatchRun.run(Self.options(fixture, path), model: model)
        }
        #expect(try await PredictionStore(path: fixture.path).runs() == [])
    }
}
