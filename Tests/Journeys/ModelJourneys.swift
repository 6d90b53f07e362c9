import Foundation
import Testing

@testable import ModelcastCommand

/// A model's life, seen from outside: published, promoted, followed, scored with.
@Suite struct ModelJourneys {
    private static let fixtures = Workspace.root.appending(path: "Tests/ModelsTests/Fixtures")
    private static let stump = fixtures.appending(path: "stump.json").path

    @Test func publishedPromotedRolledBackAndExported() async throws {
        let workspace = try Workspace()
        let first = try await workspace.modelcast(
            "publish", "stump", Self.stump, "--metric", "auc=0.7", "--alias", "production", "--format", "json"
        )
        #expect(first.code == 0, "\(first)")
        let published = try first.summary
        #expect(published["summary"] as? String == "publish")
        #expect(published["version"] as? Int == 1)
        #expect(published["format"] as? String == "xgboost-json")
        let again = try await workspace.modelcast("publish", "stump", Self.stump, "--version", "1")
        #expect(again.code == 1)
        #expect(again.error.contains("version 1 of stump is taken"), "\(again)")
        #expect(try await workspace.modelcast("publish", "stump", Self.stump).code == 0)

        let promoted = try await workspace.modelcast(
            "promote", "stump", "2", "--expect", "1", "--why", "newer", "--format", "json")
        #expect(try promoted.summary["before"] as? Int == 1, "\(promoted)")
        let late = try await workspace.modelcast("promote", "stump", "1", "--expect", "1")
        #expect(late.code == 1)
        #expect(late.error.contains("points to version 2 since"), "\(late)")
        let back = try await workspace.modelcast("rollback", "stump", "--format", "json")
        #expect(try back.summary["version"] as? Int == 1, "\(back)")

        let list = try await workspace.modelcast("models", "list", "--format", "json").objects
        let versions = list.filter { $0["model"] as? String == "stump" }
        #expect(versions.map { $0["version"] as? Int } == [1, 2])
        #expect(versions.first?["aliases"] as? [String] == ["production"])
        let keys: Set = ["model", "version", "aliases", "digest", "format", "bytes", "createdAt"]
        #expect(keys.isSubset(of: Set(versions[0].keys)))
        // The digest covers the files only, so the same file has the same one.
        #expect(versions[0]["digest"] as? String == versions[1]["digest"] as? String)

        let shown = try await workspace.modelcast("models", "show", "stump@1", "--format", "json").objects[0]
        #expect((shown["metrics"] as? [String: Double])?["auc"] == 0.7)
        let verified = try await workspace.modelcast("models", "verify", "stump@2")
        #expect(verified.output.hasPrefix("stump@2 is sound"), "\(verified)")
        #expect(try await workspace.modelcast("models", "export", "stump@1", "out").code == 0)
        let exported = try Data(contentsOf: workspace.folder.appending(path: "out/stump.json"))
        #expect(try exported == Data(contentsOf: URL(filePath: Self.stump)))
    }

    @Test func subscribersAreToldAndTheirCommandsRun() async throws {
        let workspace = try Workspace()
        let subscriber = try workspace.start([
            "subscribe", "stump", "--format", "json", "--download", "models", "--exec",
            "echo \"$MODELCAST_MODEL $MODELCAST_VERSION $MODELCAST_PREVIOUS\" >> reactions; "
                + "test -f \"$MODELCAST_DIR/stump.json\" && echo files >> reactions",
        ])
        #expect(try await workspace.modelcast("publish", "stump", Self.stump).code == 0)
        #expect(
            try await subscriber.wait { $0.output.contains(#""version":1"#) }, "\(subscriber.errorOutput)")
        #expect(try await workspace.modelcast("publish", "stump", Self.stump).code == 0)
        #expect(
            try await subscriber.wait { $0.output.contains(#""version":2"#) }, "\(subscriber.errorOutput)")
        _ = try await subscriber.wait(upTo: .seconds(5)) { _ in
            (try? workspace.read("reactions"))?.contains("stump 2 1") == true
        }
        subscriber.signal(SIGTERM)
        let outcome = await subscriber.outcome()
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try outcome.summary["versions"] as? Int == 2)
        #expect(try workspace.read("reactions") == "stump 1 \nfiles\nstump 2 1\nfiles\n")
        let current = try FileManager.default.destinationOfSymbolicLink(
            atPath: workspace.path("models/current"))
        #expect(current == "2")
        let failing = try await workspace.modelcast("subscribe", "stump", "--once", "--exec", "exit 7")
        #expect(failing.code == 1)
        #expect(failing.error.contains("ended with status 7"), "\(failing)")
    }

    /// The main job: train, publish, send, score while a better version comes, learn, predict, store, query.
    @Test func trainedScoredLearnedStoredAndQueried() async throws {
        let workspace = try Workspace()
        try workspace.write(Rides.csv(rows: 1_200), to: "rides.csv")
        let trained = try await workspace.modelcast(
            "train", "--data", "rides.csv", "--label", "tips > 0.2 * fare", "--include", "fare", "--id",
            "trip",
            "--name", "tips", "--algorithm", "logistic", "--require", "auc>=0.6", "--publish", "--alias",
            "production", "--format", "json")
        #expect(trained.code == 0, "\(trained)")
        let training = try trained.summary
        #expect(training["summary"] as? String == "train")
        #expect(training["version"] as? Int == 1)
        #expect(training["passed"] as? Bool == true)

        let sent = try await workspace.modelcast(
            "events", "send", "rides.csv", "--id", "trip", "--label", "tips > 0.2 * fare", "--include", "fare"
        )
        #expect(sent.code == 0, "\(sent)")
        let bad = try await workspace.modelcast(
            "events", "send", "-", "--input-format", "jsonl", "--format", "json",
            input: #"{"id":"bad","features":{"fare":"much"}}"# + "\n")
        #expect(bad.code == 0, "\(bad)")
        let scored = try await workspace.modelcast("score", "--model", "tips", "--once", "--format", "json")
        #expect(scored.code == 0, "\(scored)")
        let score = try scored.summary
        #expect(score["summary"] as? String == "score")
        #expect(score["events"] as? Int == 1_201)
        #expect(score["predictions"] as? Int == 1_200, "\(scored)")
        #expect(score["deadLetters"] as? Int == 1)
        let nothingLeft = try await workspace.modelcast(
            "score", "--model", "tips", "--once", "--format", "json")
        #expect(try nothingLeft.summary["events"] as? Int == 0, "\(nothingLeft)")
        #expect(try nothingLeft.summary["eventsPerSecond"] as? Int == 0)

        let learned = try await workspace.modelcast(
            "learn", "--model", "tips-online", "--base", "tips", "--publish-every", "500", "--once",
            "--format",
            "json")
        #expect(learned.code == 0, "\(learned)")
        #expect(try learned.summary["versions"] as? [Int] == [1, 2], "\(learned)")

        let predicted = try await workspace.modelcast(
            "predict", "--model", "tips", "--input", "rides.csv", "--key", "trip", "--output", "scored.jsonl",
            "--format", "json")
        #expect(try predicted.summary["rows"] as? Int == 1_200, "\(predicted)")
        let batch = try await workspace.modelcast(
            "batch", "run", "--model", "tips@1", "--input", "rides.csv", "--store", "p.db", "--key", "trip",
            "--format", "json")
        #expect(try batch.summary["summary"] as? String == "batch", "\(batch)")
        #expect(try batch.summary["rows"] as? Int == 1_200)
        let again = try await workspace.modelcast(
            "batch", "run", "--model", "tips@1", "--input", "rides.csv", "--store", "p.db", "--key", "trip",
            "--format", "json")
        #expect(try again.summary["run"] as? String == batch.summary["run"] as? String)
        #expect(try again.summary["rowsWritten"] as? Int == 0)

        // The stream, the file and the store agree, digit by digit.
        let line = try #require(try workspace.read("scored.jsonl").split(separator: "\n").first)
        let fromFile = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let stored = try await workspace.modelcast(
            "predictions", "--store", "p.db", "--key", "ride-0", "--format", "json"
        ).objects[0]
        #expect(stored["prediction"] as? Double == fromFile["prediction"] as? Double, "\(stored) \(fromFile)")
        let counted = try await workspace.modelcast(
            "predictions", "--store", "p.db", "--sql", "SELECT count(*) AS n FROM current_predictions",
            "--format", "json")
        #expect(try counted.objects[0]["n"] as? Int == 1_200, "\(counted)")
        let written = try await workspace.modelcast(
            "predictions", "--store", "p.db", "--sql", "DELETE FROM runs")
        #expect(written.code == 1)
    }

    @Test func aScorerServesUntilItIsTold() async throws {
        let workspace = try Workspace()
        let scorer = try workspace.start([
            "score", "--model", "stump", "--http", "127.0.0.1:0", "--format", "json", "--log-format", "json",
        ])
        #expect(try await scorer.wait { $0.errorOutput.contains("waiting for a version") })
        #expect(try await workspace.modelcast("publish", "stump", Self.stump).code == 0)
        #expect(
            try await scorer.wait { $0.errorOutput.contains(#""message":"scoring""#) },
            "\(scorer.errorOutput)")
        let address = try #require(scorer.errorOutput.firstMatch(of: /127\.0\.0\.1:[0-9]+/)).output
        let (ready, _) = try await Web.get("http://\(address)/readyz")
        #expect(ready == 200)
        let (status, metrics) = try await Web.get("http://\(address)/metrics")
        #expect(status == 200)
        #expect(metrics.contains("# TYPE"))
        scorer.signal(SIGTERM)
        let outcome = await scorer.outcome()
        #expect(outcome.code == 0, "\(outcome)")
        #expect(try outcome.summary["summary"] as? String == "score")
        // Every line of the log is an object.
        for line in outcome.error.split(separator: "\n") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
    }
}
