import BatchScoring
import Testing

@Suite struct RunMachineTests {
    @Test func scoresFromTheCheckpointAndShowsAtTheEnd() throws {
        var machine = RunMachine(run: "a")
        #expect(try machine.handle(.begin(hold: false)) == [.score(from: 0)])
        #expect(try machine.handle(.block(0..<10)) == [.store(from: 0)])
        #expect(try machine.handle(.stored(end: 10, predictions: 9, rejects: 1)) == [])
        #expect(try machine.handle(.begin(hold: false)) == [.score(from: 10)])
        #expect(try machine.handle(.block(10..<12)) == [.store(from: 10)])
        _ = try machine.handle(.stored(end: 12, predictions: 2, rejects: 0))
        #expect(try machine.handle(.inputEnded(rows: 12)) == [.show, .finished])
        #expect(machine.state == .approved)
        #expect(machine.predictions == 11)
        #expect(machine.rejects == 1)
        #expect(try machine.handle(.begin(hold: true)) == [.finished])
        #expect(machine.state == .approved, "the command of a complete run decides nothing about it")
    }

    @Test func rowsOfAnotherProcessAreSkipped() throws {
        var machine = RunMachine(run: "a")
        _ = try machine.handle(.begin(hold: false))
        _ = try machine.handle(.stored(end: 10, predictions: 10, rejects: 0))
        #expect(try machine.handle(.block(0..<10)) == [.skip])
        #expect(try machine.handle(.block(5..<15)) == [.store(from: 10)])
        let before = machine
        #expect(throws: BatchError(.state, "")) { _ = try machine.handle(.block(11..<15)) }
        #expect(machine == before)
        _ = try machine.handle(.inputEnded(rows: 10))
        #expect(try machine.handle(.block(5..<15)) == [.finished])
    }

    @Test func anInputOfAnotherLengthIsNoEnd() throws {
        var machine = RunMachine(run: "a")
        _ = try machine.handle(.stored(end: 10, predictions: 10, rejects: 0))
        for rows in [0, 9, 11] {
            #expect(throws: BatchError(.inputChanged, "")) { _ = try machine.handle(.inputEnded(rows: rows)) }
        }
        #expect(machine.state == .running)
    }

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func aHoldOfEitherCommandHolds(first: Bool, second: Bool) throws {
        var machine = RunMachine(run: "a")
        _ = try machine.handle(.begin(hold: first))
        _ = try machine.handle(.begin(hold: second))
        #expect(try machine.handle(.inputEnded(rows: 0)) == [.finished])
        #expect(machine.state == .held)
        #expect(try machine.handle(.approve) == [.show])
        #expect(try machine.handle(.approve) == [])
        #expect(try machine.handle(.hold) == [.hide])
        #expect(try machine.handle(.reject) == [])
        #expect(try machine.handle(.approve) == [.show])
        #expect(try machine.handle(.reject) == [.hide])
    }

    @Test func aRejectedRunStopsAndCanBeTakenBack() throws {
        var machine = RunMachine(run: "a")
        _ = try machine.handle(.stored(end: 5, predictions: 5, rejects: 0))
        #expect(try machine.handle(.reject) == [])
        for event in [RunMachine.Event.begin(hold: false), .block(0..<9), .inputEnded(rows: 5), .approve] {
            #expect(throws: BatchError(.state, "")) { _ = try machine.handle(event) }
        }
        #expect(try machine.handle(.hold) == [])
        #expect(try machine.handle(.begin(hold: false)) == [.score(from: 5)])
        #expect(throws: BatchError(.state, "")) { _ = try machine.handle(.approve) }
    }

    /// Every sequence of five events: what is shown is complete and approved, a refusal changes nothing,
    /// written rows only grow, and show and hide take turns.
    @Test func everyShortHistoryKeepsTheRules() throws {
        let kinds = 7
        for number in 0..<16_807 {
            var machine = RunMachine(run: "a")
            var shown = false
            var broken: [String] = []
            var code = number
            for _ in 0..<5 {
                let event: RunMachine.Event =
                    switch code % kinds {
                    case 0: .begin(hold: false)
                    case 1: .begin(hold: true)
                    case 2: .block(machine.nextRow..<machine.nextRow + 2)
                    case 3: .inputEnded(rows: machine.nextRow)
                    case 4: .approve
                    case 5: .hold
                    default: .reject
                    }
                code /= kinds
                let before = machine
                do {
                    let actions = try machine.handle(event)
                    if actions.contains(.store(from: before.nextRow)) {
                        if before.state != .running {
                            broken.append("a write into a run that is \(before.state)")
                        }
                        _ = try machine.handle(.stored(end: machine.nextRow + 2, predictions: 1, rejects: 1))
                    }
                    if actions.contains(.show) && shown { broken.append("shown twice") }
                    if actions.contains(.hide) && !shown { broken.append("hidden twice") }
                    if actions.contains(.show) { shown = true }
                    if actions.contains(.hide) { shown = false }
                } catch {
                    if machine != before { broken.append("a refusal changed it") }
                }
                if shown != (machine.state == .approved) { broken.append("shown and state differ") }
                if !machine.isComplete, [.held, .approved].contains(machine.state) {
                    broken.append("half a run")
                }
                if machine.nextRow < before.nextRow { broken.append("rows lost") }
                if before.isComplete, !machine.isComplete || machine.nextRow != before.nextRow {
                    broken.append("a complete run changed")
                }
            }
            #expect(broken.isEmpty, "history \(number)")
        }
    }
}
