import EventLog
import Foundation
import Testing

/// `modelcast demo`: the whole job, small.
@Suite(.timeLimit(.minutes(5))) struct DemoJourneys {
    @Test(arguments: JourneyLog.available)
    func theDemonstrationLosesAndDoublesNothing(engine: JourneyLog) async throws {
        let workspace = try Workspace()
        let (words, _, log) = try await engine.open(workspace)
        let run = try await workspace.start(
            ["demo", "--rows", "3000", "--rate", "1500", "--folder", "demo", "--format", "json"]
                + (engine == .embedded ? [] : words)
        ).outcome()
        await log.close(deadline: .seconds(5))
        #expect(run.code == 0, "\(run)")
        #expect(try run.objects.count == 1, "a program gets the summary alone: \(run)")
        let summary = try run.summary
        #expect(summary["summary"] as? String == "demo")
        #expect(summary["events"] as? Int == 3_000)
        #expect(summary["predictions"] as? Int == 3_000)
        #expect(summary["deadLetters"] as? Int == 0)
        #expect(summary["lost"] as? Int == 0)
        #expect(summary["doubled"] as? Int == 0)
        #expect(summary["versions"] as? Int == 3)
        let before = try #require(summary["aucBefore"] as? Double)
        let after = try #require(summary["aucAfter"] as? Double)
        #expect(after > before, "the better model is better: \(run)")
        #expect((summary["publishToLiveMilliseconds"] as? Double ?? 0) > 0)
        #expect((summary["eventsPerSecond"] as? Double ?? 0) > 0)
        #expect(workspace.exists("demo/predictions.db"))
    }

    @Test func dataThatDoesNotSuitIsToldClearly() async throws {
        let workspace = try Workspace()
        try workspace.write("x,y\n1,2\n", to: "small.csv")
        let small = try await workspace.modelcast("demo", "--data", "small.csv", "--label", "y > 1")
        #expect(small.code == 1)
        #expect(small.error.contains("small.csv has 1 rows"), "\(small)")
        let text = "x,y\n" + (0..<1_200).map { "\($0),\($0 % 7)\n" }.joined()
        try workspace.write(text, to: "same.csv")
        let same = try await workspace.modelcast("demo", "--data", "same.csv", "--label", "y >= 0")
        #expect(same.code == 1)
        #expect(same.error.contains("y >= 0"), "\(same)")
        let none = try await workspace.modelcast("demo", "--data", "none.csv")
        #expect(none.code == 1)
        #expect(none.error.contains("none.csv"), "\(none)")
    }
}
