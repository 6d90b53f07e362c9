import Synchronization
import Testing

@testable import Basics

@Suite struct PaceTests {
    private static let pace = WorkPace(
        free: .milliseconds(40), stint: .milliseconds(2), restMax: .milliseconds(50), share: 0.25)

    @Test func shortWorkDoesNotRest() {
        var meter = PaceMeter(Self.pace)
        for step in 0...40 { #expect(meter.rest(at: .seconds(7) + .milliseconds(step)) == nil, "\(step)") }
    }

    @Test func longWorkTakesItsShareAfterWhatIsFree() {
        var meter = PaceMeter(Self.pace)
        var used = Duration.zero
        var rested = Duration.zero
        while used < .seconds(1) {
            if let rest = meter.rest(at: used) {
                #expect(rest >= .milliseconds(6), "a stint is not cut up")
                rested += rest
            }
            used += .microseconds(300)
        }
        // 960 ms beyond what is free, at three times as much rest as work; the last stint may be open.
        #expect(rested <= .milliseconds(3 * 960) && rested > .milliseconds(3 * 957), "\(rested)")
    }

    @Test func oneLongStepDoesNotBringARestWithoutEnd() {
        var meter = PaceMeter(Self.pace)
        #expect(meter.rest(at: .zero) == nil)
        #expect(meter.rest(at: .seconds(5)) == .milliseconds(50))
        #expect(meter.rest(at: .seconds(5) + .milliseconds(1)) == nil)
    }

    @Test func awholeCoreIsNoRest() {
        var meter = PaceMeter(
            WorkPace(free: .zero, stint: .milliseconds(1), restMax: .seconds(1), share: 1))
        for second in 0..<10 { #expect(meter.rest(at: .seconds(second)) == nil) }
    }

    /// A thread that has not used as much as another one before it, as when work moves.
    @Test func aClockThatGoesBackCostsNothing() {
        var meter = PaceMeter(Self.pace)
        #expect(meter.rest(at: .seconds(9)) == nil)
        #expect(meter.rest(at: .seconds(1)) == nil)
        #expect(meter.rest(at: .seconds(10)) != nil)
    }

    @Test func aPointRestsWhereAPacerIsBound() async {
        let clock = Mutex(Duration.zero)
        let rests = Mutex<[Duration]>([])
        let pacer = Pacer(
            Self.pace,
            used: {
                clock.withLock { now in
                    now += .milliseconds(10)
                    return now
                }
            }, pause: { rest in rests.withLock { $0.append(rest) } })
        Pacer.point()
        #expect(rests.withLock { $0.isEmpty })
        Pacer.$current.withValue(pacer) {
            for _ in 0..<7 { Pacer.point() }
        }
        #expect(
            rests.withLock { $0 } == [30, 30].map { .milliseconds($0) }, "40 ms are free, each point is 10")
        let cancelled = Task {
            while !Task.isCancelled { await Task.yield() }
            Pacer.$current.withValue(pacer) { Pacer.point() }
        }
        cancelled.cancel()
        await cancelled.value
        #expect(rests.withLock { $0.count } == 2, "cancelled work does not rest")
        Pacer.point()
        #expect(rests.withLock { $0.count } == 2)
    }
}
