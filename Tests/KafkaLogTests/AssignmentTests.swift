import EventLog
import Testing

@testable import KafkaLog

@Suite("Assignment")
struct AssignmentTests {
    private let a = TopicPartition("t", 0)
    private let b = TopicPartition("t", 1)
    private let c = TopicPartition("t", 2)

    @Test("takes given partitions at once and tells them")
    func given() {
        var assignment = Assignment()
        #expect(assignment.handle(.given([b, a])) == [.assign([a, b])])
        #expect(assignment.hasRebalance)
        #expect(assignment.takeOutcome() == .assigned([a, b]))
        #expect(assignment.takeOutcome() == nil)
        // A rebalance that gives nothing new is carried out, and there is nothing to tell.
        #expect(assignment.handle(.given([])) == [.assign([])])
        #expect(assignment.takeOutcome() == nil)
    }

    @Test("gives partitions up at the read after it told so")
    func taken() {
        var assignment = Assignment([a, b])
        _ = assignment.handle(.advanced(b, next: Offset(7)))
        #expect(assignment.handle(.taken([b], lost: false)).isEmpty)
        #expect(assignment.holds(b))
        // The caller has not heard of it yet: a read must tell it first.
        #expect(assignment.handle(.read).isEmpty)
        #expect(assignment.takeOutcome() == .revoking([b], lost: false))
        #expect(assignment.holds(b), "the caller may still commit")
        #expect(assignment.handle(.read) == [.unassign([b])])
        #expect(!assignment.holds(b) && assignment.holds(a))
        #expect(assignment.positions.isEmpty)
        #expect(assignment.handle(.read).isEmpty)
    }

    @Test("lets nothing be committed for partitions that were lost")
    func lost() {
        var assignment = Assignment([a, b])
        _ = assignment.handle(.taken([a, b], lost: true))
        #expect(!assignment.holds(a) && !assignment.holds(b))
        #expect(assignment.takeOutcome() == .revoking([a, b], lost: true))
        #expect(assignment.handle(.read) == [.unassign([a, b])])
    }

    @Test("tells an end once, and not when records came after it")
    func ends() {
        var assignment = Assignment([a, b])
        _ = assignment.handle(.reachedEnd(a, Offset(3)))
        _ = assignment.handle(.reachedEnd(b, Offset(0)))
        _ = assignment.handle(.advanced(b, next: Offset(1)))
        _ = assignment.handle(.reachedEnd(c, Offset(9)))
        #expect(assignment.takeOutcome() == .caughtUp([a: Offset(3)]))
        #expect(assignment.takeOutcome() == nil)
        #expect(assignment.positions == [a: Offset(3), b: Offset(1)])
        _ = assignment.handle(.reachedEnd(b, Offset(1)))
        _ = assignment.handle(.sought([b: Offset(0)]))
        #expect(assignment.takeOutcome() == nil)
        #expect(assignment.positions[b] == Offset(0))
    }

    @Test("tells ends before the rebalance that followed them")
    func order() {
        var assignment = Assignment([a])
        _ = assignment.handle(.reachedEnd(a, Offset(3)))
        _ = assignment.handle(.given([b]))
        #expect(assignment.takeOutcome() == .caughtUp([a: Offset(3)]))
        #expect(assignment.takeOutcome() == .assigned([b]))
    }

    @Test("gives everything up at once while closing, told or not", arguments: [true, false])
    func closing(told: Bool) {
        var assignment = Assignment([a, b])
        _ = assignment.handle(.taken([a], lost: false))
        if told { _ = assignment.takeOutcome() }
        #expect(assignment.handle(.closing) == [.unassign([a])])
        #expect(assignment.handle(.taken([b], lost: false)) == [.unassign([b])])
        #expect(assignment.takeOutcome() == nil)
        #expect(assignment.partitions.isEmpty)
    }
}
