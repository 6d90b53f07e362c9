import Basics
import EventLog
import OnlineLearning
import Testing

@Suite struct LearnerStateTests {
    static func state(seed: UInt64) -> LearnerState {
        var random = SeededRandom(seed: seed)
        var state = LearnerState(width: 3, settings: LogisticLearner.Settings(), waitingMax: 50, window: 40)
        var examples: [LabelJoin.Example] = []
        for number in 0..<200 {
            let moment = LabelJoin.Moment(
                timestamp: Timestamp(milliseconds: Int64(random.next() % 1_000)),
                partition: Int32(number % 3),
                offset: Int64(number))
            let id = [UInt8(truncatingIfNeeded: random.next() % 120), 0xff]
            let row = (0..<3).map { _ in random.next() % 7 == 0 ? Float.nan : Float(random.unit()) }
            let example =
                random.next() % 2 == 0
                ? state.join.add(event: id, row: row, at: moment)
                : state.join.add(label: random.next() % 2 == 0, of: id, at: moment)
            if let example { examples.append(example) }
            state.offsets[TopicPartition("t", Int32(number % 3))] = Offset(Int64(number))
        }
        state.learn(examples)
        return state
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func returnsToItselfByteForByte(seed: UInt64) throws {
        let state = Self.state(seed: seed)
        let bytes = state.encoded()
        let back = try LearnerState(decoding: bytes, width: 3)
        #expect(back.encoded() == bytes, "seed \(seed)")
        #expect(back.learner == state.learner, "seed \(seed)")
        #expect(back.offsets == state.offsets, "seed \(seed)")
    }

    @Test func cutAndFlippedBytesAreErrorsOrOtherStatesButNeverTraps() {
        let bytes = Self.state(seed: 1).encoded()
        for count in stride(from: 0, to: bytes.count - 1, by: 3) {
            #expect(throws: LearningError.self) {
                try LearnerState(decoding: Array(bytes.prefix(count)), width: 3)
            }
        }
        for index in stride(from: 0, to: bytes.count, by: 2) {
            var changed = bytes
            changed[index] ^= 0x04
            _ = try? LearnerState(decoding: changed, width: 3)
        }
    }

    @Test func anotherWidthIsRefused() {
        #expect(throws: LearningError(.badState, "", recovery: .fixInput)) {
            try LearnerState(decoding: Self.state(seed: 2).encoded(), width: 4)
        }
    }
}
