import EventLogTesting
import Foundation
import Testing

/// The main job on a real Apache Kafka.
@Suite(.enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence))) struct KafkaJourneys {
    @Test func publishedScoredAndChecked() async throws {
        let kafka = try await RealKafka.shared()
        let workspace = try Workspace()
        let prefix = "journey-\(UUID().uuidString.prefix(8).lowercased())."
        // As a service has them: the cluster in the environment, not on every line.
        let environment = ["MODELCAST_BROKER": kafka.url, "MODELCAST_TOPIC_PREFIX": prefix]
        func run(_ words: String...) async throws -> Outcome {
            try await workspace.start(words + ["--format", "json"], environment: environment).outcome()
        }
        let topics = try await run("topics", "apply")
        #expect(try topics.summary["created"] as? Int == 8, "\(topics)")
        #expect(try await run("topics", "apply").summary["existing"] as? Int == 8)
        try workspace.write(Rides.csv(rows: 1_000), to: "rides.csv")
        let trained = try await run(
            "train", "--data", "rides.csv", "--label", "tips > 0.2 * fare", "--include", "fare", "--id",
            "trip",
            "--name", "tips", "--algorithm", "logistic", "--publish", "--alias", "production")
        #expect(try trained.summary["version"] as? Int == 1, "\(trained)")
        let sent = try await run("events", "send", "rides.csv", "--id", "trip")
        #expect(try sent.summary["events"] as? Int == 1_000, "\(sent)")
        let scored = try await run("score", "--model", "tips", "--once")
        #expect(try scored.summary["predictions"] as? Int == 1_000, "\(scored)")
        #expect(try scored.summary["deadLetters"] as? Int == 0)
        let again = try await run("score", "--model", "tips", "--once")
        #expect(try again.summary["events"] as? Int == 0, "\(again)")
        let verified = try await run("models", "verify", "tips")
        #expect(verified.code == 0, "\(verified)")
        let doctor = try await run("doctor", "--group", "\(prefix)score-tips")
        #expect(doctor.code == 0, "\(doctor)")
        #expect(doctor.output.contains("0 offsets of \(prefix)features.events left to read"), "\(doctor)")
        let stopped = try await run("models", "list", "--broker", "kafka://127.0.0.1:1")
        #expect(stopped.code == 1, "\(stopped)")
    }

    @Test func secretsAreNeverShown() async throws {
        let kafka = try await RealKafka.shared()
        let workspace = try Workspace()
        try workspace.write(
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanisms=PLAIN\n", to: "kafka.properties")
        let run = try await workspace.modelcast(
            "topics", "list", "--broker", kafka.url, "--broker-config-file", "kafka.properties",
            "--broker-config", "sasl.username=ann", "--broker-config", "sasl.password=tell-nobody",
            "--verbose")
        #expect(run.code == 1, "\(run)")
        #expect(!(run.output + run.error).contains("tell-nobody"), "\(run)")
        let unknown = try await workspace.modelcast(
            "topics", "list", "--broker", kafka.url, "--broker-config", "no.such.property=tell-nobody")
        #expect(unknown.code == 64, "\(unknown)")
        #expect(unknown.error.contains("no.such.property"))
        #expect(!unknown.error.contains("tell-nobody"), "\(unknown)")
    }
}
