import Foundation
import Testing

@testable import ModelcastCommand

/// Topics and events, seen from outside.
@Suite struct LogJourneys {
    @Test func topicsAreAppliedOnceAndListed() async throws {
        let workspace = try Workspace()
        let first = try await workspace.modelcast("topics", "apply", "--format", "json")
        #expect(first.code == 0, "\(first)")
        #expect(try first.objects.dropLast().allSatisfy { $0["status"] as? String == "created" })
        #expect(try first.summary["created"] as? Int == 8)
        let folder = Workspace.root.appending(path: "topics").path
        let again = try await workspace.modelcast(
            "topics", "apply", "--definitions", folder, "--format", "json")
        #expect(try again.summary["created"] as? Int == 0, "\(again)")
        #expect(try again.summary["existing"] as? Int == 8)
        let list = try await workspace.modelcast("topics", "list")
        #expect(list.code == 0)
        let lines = list.output.split(separator: "\n")
        #expect(lines.first == "TOPIC                    PARTITIONS  CLEANUP  OFFSETS")
        #expect(lines.contains("modelcast.catalog                 1  compact        0"), "\(list)")
        #expect(list.error.isEmpty)
    }

    @Test func aTopicWithOtherSettingsIsReportedAndLeftAlone() async throws {
        let workspace = try Workspace()
        try FileManager.default.createDirectory(
            atPath: workspace.path("mine"), withIntermediateDirectories: true)
        let text = try String(
            contentsOf: Workspace.root.appending(path: "topics/predictions.yaml"), encoding: .utf8)
        try workspace.write(text, to: "mine/predictions.yaml")
        #expect(try await workspace.modelcast("topics", "apply", "--definitions", "mine").code == 0)
        try workspace.write(
            text.replacingOccurrences(of: "partitions: 4", with: "partitions: 6"), to: "mine/predictions.yaml"
        )
        let run = try await workspace.modelcast("topics", "apply", "--definitions", "mine")
        #expect(run.code == 1)
        #expect(run.error.contains("predictions has 4 partitions"), "\(run)")
        try workspace.write(
            text.replacingOccurrences(of: "cleanup: delete", with: "cleanup: keep"),
            to: "mine/predictions.yaml")
        let wrong = try await workspace.modelcast("topics", "apply", "--definitions", "mine")
        #expect(wrong.error.contains("the definition of topic predictions has cleanup 'keep'"), "\(wrong)")
        try workspace.write(text + "colour: red\n", to: "mine/predictions.yaml")
        let unknown = try await workspace.modelcast("topics", "apply", "--definitions", "mine")
        #expect(unknown.code == 64)
        #expect(unknown.error.contains("predictions.yaml:10:1"), "\(unknown)")
    }

    @Test func eventsAreSentWithTheirLabels() async throws {
        let workspace = try Workspace()
        try workspace.write("trip,fare,tips\na,10,3\nb,10,1\nc,10,\n", to: "rides.csv")
        let sent = try await workspace.modelcast(
            "events", "send", "rides.csv", "--id", "trip", "--label", "tips > 0.2 * fare", "--include",
            "fare",
            "--format", "json")
        #expect(sent.code == 0, "\(sent)")
        #expect(sent.error.isEmpty)
        let summary = try sent.summary
        #expect(summary["summary"] as? String == "events send")
        #expect(summary["events"] as? Int == 3)
        #expect(summary["labels"] as? Int == 2)
        #expect(summary["rejects"] as? Int == 0)
        let topics = try await workspace.modelcast("topics", "list", "--format", "json").objects
        let offsets = Dictionary(
            uniqueKeysWithValues: topics.dropLast().map {
                ($0["topic"] as? String ?? "", $0["offsets"] as? Int)
            })
        #expect(offsets == ["features.events": 3, "features.labels": 2])
    }

    @Test func rowsThatCannotBeSentFailTheCommandButNotTheOthers() async throws {
        let workspace = try Workspace()
        let run = try await workspace.modelcast(
            "events", "send", "-", "--input-format", "csv", "--verbose", input: "id,fare\na,1\nb,2,3\nc,4\n")
        #expect(run.code == 1)
        #expect(run.output.hasPrefix("2 events sent to features.events"))
        #expect(run.error.contains("1 rows of - could not be sent"), "\(run)")
        #expect(run.error.contains("standard input:3:1: 3 cells where there are 2 columns"), "\(run)")
    }

    @Test func theDoctorSaysWhatToDo() async throws {
        let workspace = try Workspace()
        let before = try await workspace.modelcast("doctor", "--format", "json")
        #expect(before.code == 0, "\(before)")
        let missing = try before.objects.first { $0["check"] as? String == "broker" }
        #expect(missing?["status"] as? String == "warning")
        #expect((missing?["remedy"] as? String)?.contains("topics apply") == true)
        #expect(!workspace.exists("modelcast.db"))
        _ = try await workspace.modelcast("topics", "apply")
        let after = try await workspace.modelcast("doctor")
        #expect(after.code == 0)
        #expect(after.output.contains("ok       topics: all 8 exist"), "\(after)")
        let nobody = try await workspace.modelcast(
            "doctor", "--broker", "kafka://127.0.0.1:1", "--format", "json")
        #expect(nobody.code == 1)
        #expect(try nobody.summary["failures"] as? Int == 1, "\(nobody)")
    }

    @Test func aFileThatIsNoLogIsRefused() async throws {
        let workspace = try Workspace()
        try workspace.write(String(repeating: "this is no database\n", count: 100), to: "notes.txt")
        let run = try await workspace.modelcast("topics", "list", "--broker", "file:notes.txt")
        #expect(run.code == 1)
        #expect(run.error.contains("notes.txt"), "\(run)")
        #expect(try workspace.read("notes.txt").hasPrefix("this is no database"))
        let folder = try await workspace.modelcast("topics", "list", "--broker", "file:missing/modelcast.db")
        #expect(folder.code == 1)
        #expect(folder.error.contains("hint: "), "\(folder)")
    }
}
