import Arguments
import Testing

@Suite struct ResolutionTests {
    private func values(_ line: String, _ layers: [String: [Invocation.Filling]]) throws -> Values {
        try Sample.invocation(line).resolve { layers[$0.name] ?? [] }
    }

    @Test func theStrongestPlaceWins() throws {
        let layers: [String: [Invocation.Filling]] = [
            "batch": [(["2"], "MODELCAST_BATCH"), (["3"], "score.yaml:1")],
            "group": [(["file"], "score.yaml:2")],
            "model": [(["taxi"], "MODELCAST_MODEL")],
        ]
        let given = try values("score --batch 1", layers)
        #expect(try given[ScoreCommand.batch] == 1)
        #expect(given.place(of: ScoreCommand.batch) == "the command line")
        let filled = try values("score", layers)
        #expect(try filled[ScoreCommand.batch] == 2)
        #expect(try filled[ScoreCommand.group] == "file")
        #expect(filled.place(of: ScoreCommand.group) == "score.yaml:2")
        #expect(filled.isGiven(ScoreCommand.group))
        #expect(!filled.isGiven(ScoreCommand.format))
        #expect(filled.place(of: ScoreCommand.password) == nil)
    }

    @Test func keysAndValuesAreMergedOverThePlaces() throws {
        let filled = try values(
            "score --model x --broker-config a=1 --broker-config a=2",
            ["broker-config": [(["b=env", "a=env"], "environment"), (["b=file", "c=file"], "file")]])
        let settings = try filled[ScoreCommand.brokerConfig].map { "\($0.key)=\($0.value)" }
        #expect(settings.sorted() == ["a=2", "b=env", "c=file"])
    }

    @Test func aWrongValueNamesThePlaceItCameFrom() throws {
        let error = #expect(throws: UsageError.self) {
            try values("score --model x", ["batch": [(["many"], "score.yaml:7")]])
        }
        #expect(error?.message == "score.yaml:7: batch: 'many' is not valid")
    }

    @Test func aWeakerPlaceIsCheckedToo() throws {
        #expect(throws: UsageError.self) {
            try values("score --model x --batch 3", ["batch": [(["many"], "score.yaml:7")]])
        }
    }

    @Test func severalValuesForASingleOptionAreRefused() throws {
        let error = #expect(throws: UsageError.self) {
            try values("score --model x", ["group": [(["a", "b"], "score.yaml:7")]])
        }
        #expect(error?.message == "score.yaml:7: group has 2 values")
    }
}
