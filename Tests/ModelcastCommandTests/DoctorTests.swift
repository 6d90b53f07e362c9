import Basics
import Catalog
import EventLog
import EventLogTesting
import Testing

@testable import ModelcastCommand

@Suite struct DoctorTests {
    private func findings(_ log: InMemoryLog) async -> [Finding] {
        await LogChecks(
            log: log, topics: TopicNames(), group: "scorer", topicPrefix: "", input: "features.events"
        ).run()
    }

    private func createAll(_ log: InMemoryLog) async throws {
        try await log.create(TopicNames().definitions)
    }

    @Test func aSoundLogHasNothingToComplainAbout() async throws {
        let log = InMemoryLog()
        try await createAll(log)
        let writer = try await log.writer()
        try await writer.send(Record(topic: "features.events", timestamp: .now, key: [1], value: [1]))
        let found = await findings(log)
        #expect(found.allSatisfy { $0.status == .ok }, "\(found)")
        #expect(Set(found.map(\.check)) == ["broker", "topics", "clock skew", "group"])
    }

    @Test func missingAndWrongTopicsAreNamedWithTheRemedy() async throws {
        let log = InMemoryLog()
        try await log.create([TopicDefinition(name: "modelcast.catalog", partitions: 2, cleanup: .delete)])
        let found = await findings(log).filter { $0.check == "topics" }
        #expect(found.filter { $0.status == .failed }.count == 2, "\(found)")
        let missing = try #require(found.first { $0.status == .warning })
        #expect(missing.detail.contains("modelcast.chunks"))
        #expect(missing.remedy.contains("topics apply"))
    }

    @Test func aRecordFromTheFutureTellsOfAWrongClock() async throws {
        let log = InMemoryLog()
        try await createAll(log)
        let writer = try await log.writer()
        let later = Timestamp(milliseconds: Timestamp.now.milliseconds + 60_000)
        try await writer.send(Record(topic: "predictions", timestamp: later, key: [1], value: [1]))
        let skew = try #require(await findings(log).first { $0.check == "clock skew" })
        #expect(skew.status == .warning)
        #expect(skew.detail.contains("predictions"))
    }

    @Test func theMachineIsDescribed() {
        #expect(MachineChecks.libraries().status == .ok)
        #expect(LoadedLibraries.all().allSatisfy { $0.version?.isEmpty == false })
        // /proc has no space for anybody.
        #expect(MachineChecks.disk("x", path: "/proc/nothing/here").status != .ok)
        #expect(MachineChecks.disk("x", path: "not-yet/made").status != .failed)
    }
}
