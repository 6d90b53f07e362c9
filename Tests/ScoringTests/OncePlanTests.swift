import EventLog
import Scoring
import Testing

@Suite struct OncePlanTests {
    static let marks: [Partition: Watermarks] = [
        Partition(0): Watermarks(low: Offset(0), high: Offset(10)),
        Partition(1): Watermarks(low: Offset(5), high: Offset(5)),
        Partition(2): Watermarks(low: Offset(3), high: Offset(4)),
    ]

    @Test func isDoneWhenEveryPartitionWithRecordsIsRead() {
        var plan = OncePlan(watermarks: Self.marks)
        #expect(plan.missing() == [Partition(0), Partition(2)])
        plan.reach(Partition(0), Offset(10))
        plan.reach(Partition(2), Offset(3))
        #expect(!plan.isDone)
        plan.reach(Partition(2), Offset(4))
        #expect(plan.isDone)
    }

    @Test func aRewindUndoesWhatWasReached() {
        var plan = OncePlan(watermarks: Self.marks)
        plan.reach(Partition(0), Offset(10))
        plan.reach(Partition(2), Offset(9))
        #expect(plan.isDone)
        plan.rewind(Partition(0), Offset(2))
        #expect(plan.missing() == [Partition(0)])
        #expect(plan.missing(committed: [Partition(0): Offset(10)]).isEmpty)
    }

    @Test func anEmptyTopicIsDoneAtOnce() {
        #expect(OncePlan(watermarks: [:]).isDone)
    }
}
