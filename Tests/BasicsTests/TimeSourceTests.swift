import Basics
import Testing

@Suite struct TimeSourceTests {
    @Test func sleepersWakeWhenTheirTimeComes() async throws {
        let time = SimulatedTime()
        async let early: Void = time.sleep(for: .seconds(1))
        async let late: Void = time.sleep(for: .seconds(2))
        while time.sleeperCount < 2 { await Task.yield() }
        let before = time.wall()
        time.advance(by: .milliseconds(1_500))
        try await early
        #expect(time.sleeperCount == 1)
        #expect(time.wall().milliseconds - before.milliseconds == 1_500)
        time.advance(by: .milliseconds(500))
        try await late
    }

    @Test func aCancelledSleeperThrows() async {
        let time = SimulatedTime()
        let task = Task { try await time.sleep(for: .seconds(1)) }
        while time.sleeperCount < 1 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(time.sleeperCount == 0)
    }

    @Test func durationsAreCountedInMilliseconds() {
        #expect(Duration.seconds(1.5).wholeMilliseconds == 1_500)
        #expect(Duration.microseconds(250).milliseconds == 0.25)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
    }

    @Test func oneSeedOneSequence() {
        var a = SeededRandom(seed: 42)
        var b = SeededRandom(seed: 42)
        var c = SeededRandom(seed: 43)
        let first = (0..<100).map { _ in a.next() }
        #expect(first == (0..<100).map { _ in b.next() })
        #expect(first != (0..<100).map { _ in c.next() })
        #expect((0..<1_000).allSatisfy { _ in (0..<1).contains(a.unit()) })
    }
}
