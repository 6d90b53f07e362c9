import Arguments
import Testing

@Suite struct ParserTests {
    @Test func everyFormOfOptionReachesTheCommand() throws {
        let line =
            "score --model taxi --batch=64 --once --wait 1.5m --broker-config a=b --broker-config=c=d=e"
        let command = try #require(try Sample.command(line, as: ScoreCommand.self))
        #expect(command.model == "taxi")
        #expect(command.batch == 64)
        #expect(command.once)
        #expect(command.wait == .seconds(90))
        #expect(command.brokerConfig == [KeyValue(key: "a", value: "b"), KeyValue(key: "c", value: "d=e")])
        #expect(command.group == nil)
        #expect(command.format == "table")
    }

    @Test func shortNamesTakeTheirValueNextOrAttached() throws {
        #expect(try Sample.command("score -m taxi", as: ScoreCommand.self)?.model == "taxi")
        #expect(try Sample.command("score -mtaxi", as: ScoreCommand.self)?.model == "taxi")
    }

    @Test func aFlagCanBeTakenBack() throws {
        #expect(try Sample.command("score -m t --once=false", as: ScoreCommand.self)?.once == false)
    }

    @Test func positionalsMixWithOptionsAndEndOfOptionsIsKept() throws {
        let command = try #require(
            try Sample.command("publish taxi --canary 5% a.json -- --odd -x", as: PublishCommand.self))
        #expect(command.model == "taxi")
        #expect(command.files == ["a.json", "--odd", "-x"])
        #expect(command.canary == 0.05)
    }

    @Test func dashAloneAndNegativeNumbersArePositional() throws {
        #expect(try Sample.command("publish taxi - -5", as: PublishCommand.self)?.files == ["-", "-5"])
        #expect(try Sample.command("models show taxi -3", as: ShowCommand.self)?.version == -3)
        #expect(try Sample.command("models list --limit -3", as: ListCommand.self)?.limit == -3)
    }

    @Test func groupsRunTheirDefaultCommand() throws {
        #expect(try Sample.command("models", as: ListCommand.self) != nil)
        #expect(try Sample.command("models --limit 3", as: ListCommand.self)?.limit == 3)
        #expect(try Sample.command("models show taxi", as: ShowCommand.self)?.version == nil)
        #expect(try Sample.invocation("models").path == ["models", "list"])
    }

    static let mistakes: [(line: String, code: UsageError.Code, message: String, hint: String)] = [
        ("", .missingCommand, "modelcast: no command given", "Commands: publish, score, models."),
        (
            "scroe --model x", .unknownCommand, "modelcast: no command 'scroe'",
            "Did you mean 'modelcast score'?"
        ),
        ("quux", .unknownCommand, "modelcast: no command 'quux'", "See 'modelcast --help'."),
        ("models shwo x", .unknownCommand, "modelcast models: no command 'shwo'", "'modelcast models show'"),
        (
            "--once score", .unknownOption, "modelcast: the option --once stands before a command",
            "Write the command"
        ),
        ("score --modle x", .unknownOption, "modelcast score: no option --modle", "Did you mean --model?"),
        (
            "score --broker x", .unknownOption, "modelcast score: no option --broker",
            "Did you mean --broker-config?"
        ),
        ("score -x", .unknownOption, "modelcast score: no option -x", "See 'modelcast score --help'."),
        (
            "score --model", .missingValue, "modelcast score: --model needs a value",
            "Write --model MODEL[@ALIAS|@V]"
        ),
        ("score --model --once", .missingValue, "modelcast score: --model needs a value", "--model=VALUE"),
        (
            "score --model x --batch y", .invalidValue, "modelcast score: --batch: 'y' is not valid",
            "from 1 to 65536"
        ),
        (
            "score --model x --batch 0", .invalidValue, "modelcast score: --batch: '0' is not valid",
            "from 1 to 65536"
        ),
        (
            "score --model x --wait 5", .invalidValue, "modelcast score: --wait: '5' is not valid",
            "such as 500ms"
        ),
        ("score --model x --once=maybe", .invalidValue, "--once: 'maybe' is not valid", "true or false"),
        ("score --model x --format jsn", .invalidValue, "--format: 'jsn' is not valid", "did you mean json?"),
        ("score --model x --broker-config abc", .invalidValue, "--broker-config: the value is", "key=value"),
        (
            "score --model x --password wrong", .invalidValue, "--password: the value is not valid",
            "one of right"
        ),
        ("score --model x --model y", .repeatedOption, "--model is given twice", "Give it once."),
        ("score", .missingOption, "modelcast score: --model is missing", "set MODELCAST_MODEL"),
        (
            "score --model x y", .unexpectedArgument, "unexpected argument 'y'",
            "Usage: modelcast score --model"
        ),
        (
            "publish", .missingArgument, "modelcast publish: MODEL is missing",
            "Usage: modelcast publish MODEL FILE..."
        ),
        ("publish taxi", .missingArgument, "modelcast publish: FILE is missing", "FILE..."),
        ("models show taxi x", .invalidValue, "modelcast models show: 'x' is no VERSION", "a whole number"),
    ]

    @Test(arguments: mistakes.indices) func aMistakeIsNamedWithItsRemedy(index: Int) throws {
        let expected = Self.mistakes[index]
        let error = try #require(Sample.error(expected.line), "no error for: \(expected.line)")
        #expect(error.code == expected.code)
        #expect(error.message.contains(expected.message), "\(error.message)")
        #expect(error.hint.contains(expected.hint), "\(error.hint)")
        #expect(!error.description.contains("wrong\n"))
    }

    @Test func aSecretIsNeverRepeatedInAnError() throws {
        let error = try #require(Sample.error("score --model x --password hunter2"))
        #expect(!error.description.contains("hunter2"))
    }

    @Test func askingForHelpOrVersionRunsNothing() throws {
        for line in [
            ["help"], ["--help"], ["-h"], ["score", "--help"], ["help", "score"], ["models", "-h"],
        ] {
            guard case .help(let text) = try Sample.parser.parse(line) else {
                Issue.record("\(line) does not give help")
                continue
            }
            #expect(text.contains("Usage: modelcast"))
        }
        guard case .version = try Sample.parser.parse(["--version"]) else {
            Issue.record("--version does not give the version")
            return
        }
        #expect(throws: UsageError.self) { try Sample.parser.parse(["help", "scroe"]) }
    }

    @Test func helpAfterTheEndOfOptionsIsAnArgument() throws {
        #expect(try Sample.command("publish taxi -- --help", as: PublishCommand.self)?.files == ["--help"])
    }

    /// No order, doubling or cutting of words may do more than throw a usage error.
    @Test func anyWordsAreEitherUnderstoodOrRefused() {
        let words = [
            "score", "models", "show", "help", "--", "--model", "--model=", "--=x", "-", "-m", "-", "--once",
            "", "x",
            "--batch=99999999999999999999", "--broker-config", "=", "é", "-é", "---", "--help=1",
        ]
        for first in words {
            for second in words {
                for third in words {
                    do {
                        guard case .run(let call) = try Sample.parser.parse([first, second, third]) else {
                            continue
                        }
                        _ = try call.command(with: call.resolve())
                    } catch {
                        #expect(error is UsageError, "\(first) \(second) \(third)")
                    }
                }
            }
        }
    }
}
