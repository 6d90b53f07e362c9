import EventLog
import Testing

@testable import Scoring

/// When a transaction ends, over every combination of what is known.
@Suite struct TransactionPolicyTests {
    static let limits = {
        var limits = ScoringLimits()
        limits.transactionRecordsMax = 1_000
        limits.transactionTime = .milliseconds(100)
        return limits
    }()

    private func state(
        _ records: Int, _ age: Int, isCommitting: Bool = false, isBehind: Bool = false
    ) -> TransactionPolicy.State {
        TransactionPolicy.State(
            records: records, age: .milliseconds(age), isCommitting: isCommitting, isBehind: isBehind)
    }

    @Test(arguments: [Delivery.exactlyOnce, .atLeastOnce], [false, true])
    func nothingEndsWhileTheOneBeforeCommits(delivery: Delivery, isBehind: Bool) {
        let policy = TransactionPolicy(Self.limits, delivery: delivery)
        for records in [1, 999, 1_000, 5_000] {
            for age in [0, 99, 100, 10_000] {
                #expect(!policy.isOver(state(records, age, isCommitting: true, isBehind: isBehind)))
            }
        }
    }

    @Test func aQuietStreamCommitsAsSoonAsItCan() {
        let policy = TransactionPolicy(Self.limits, delivery: .exactlyOnce)
        #expect(policy.isOver(state(1, 0)))
        #expect(policy.isOver(state(999, 99)))
    }

    @Test func aBacklogIsCommittedInLargeTransactions() {
        let policy = TransactionPolicy(Self.limits, delivery: .exactlyOnce)
        #expect(!policy.isOver(state(999, 99, isBehind: true)))
        #expect(policy.isOver(state(1_000, 0, isBehind: true)))
        #expect(policy.isOver(state(1, 100, isBehind: true)))
    }

    /// Predictions are visible before their input's offsets are committed, so nobody waits for that.
    @Test func offsetsAloneAreCommittedNowAndThen() {
        let policy = TransactionPolicy(Self.limits, delivery: .atLeastOnce)
        for isBehind in [false, true] {
            #expect(!policy.isOver(state(999, 99, isBehind: isBehind)))
            #expect(policy.isOver(state(1_000, 0, isBehind: isBehind)))
            #expect(policy.isOver(state(1, 100, isBehind: isBehind)))
        }
    }

    @Test func aFullTransactionTakesNoMore() {
        let policy = TransactionPolicy(Self.limits, delivery: .exactlyOnce)
        #expect(policy.takesMore(999))
        #expect(!policy.takesMore(1_000))
        // A wait that ends before the transaction may be over only asks again.
        #expect(policy.rest(.milliseconds(30)) == .milliseconds(70))
        #expect(policy.rest(.seconds(3)) == .milliseconds(1))
    }
}
