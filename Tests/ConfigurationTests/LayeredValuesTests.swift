import Arguments
import Configuration
import Testing

@Suite struct LayeredValuesTests {
    private static let names = [
        "group", "include", "broker-config", "once", "config", "sign-key", "data", "data-file",
    ]

    private func layers(
        _ environment: [String: String] = [:], yaml: String? = nil
    ) throws -> (values: LayeredValues, file: TemporaryFile?) {
        let file = try yaml.map { try TemporaryFile($0) }
        let values = try LayeredValues(
            environment: environment, configurationFile: file?.path, names: Self.names,
            suggest: Suggestion.nearest(to:among:))
        return (values, file)
    }

    @Test func theEnvironmentIsStrongerThanTheFile() throws {
        let (values, file) = try layers(["MODELCAST_GROUP": "env"], yaml: "group: file\nonce: true\n")
        let found = try values.layers(for: "group", isRepeated: false)
        #expect(found.map(\.texts) == [["env"], ["file"]])
        #expect(found.map(\.place) == ["MODELCAST_GROUP", "\(file?.path ?? ""):1:8"])
        #expect(try values.layers(for: "once", isRepeated: false).map(\.texts) == [["true"]])
        #expect(try values.layers(for: "include", isRepeated: true).isEmpty)
    }

    @Test func severalValues() throws {
        let yaml = "include: [fare, 7]\nbroker-config:\n  acks: all\n  retries: 3\n"
        let (values, file) = try layers(
            ["MODELCAST_INCLUDE": "a,b", "MODELCAST_BROKER_CONFIG": "x=1,2\ny=3\n"], yaml: yaml)
        #expect(
            try values.layers(for: "include", isRepeated: true).map(\.texts) == [["a", "b"], ["fare", "7"]])
        #expect(
            try values.layers(for: "broker-config", isRepeated: true).map(\.texts)
                == [["x=1,2", "y=3"], ["acks=all", "retries=3"]])
        #expect(try values.layers(for: "include", isRepeated: false).first?.texts == ["a,b"])
        withExtendedLifetime(file) {}
    }

    @Test func anEmptyVariableIsNotSet() throws {
        let environment = ["MODELCAST_GROUP": "", "MODELCAST_CONFIG": "", "MODELCAST_SIGN_KEY_FILE": ""]
        let (values, _) = try layers(environment)
        #expect(try values.layers(for: "group", isRepeated: false).isEmpty)
        #expect(try values.layers(for: "sign-key", isRepeated: false).isEmpty)
    }

    @Test func aVariableMayNameAFileThatHoldsTheValue() throws {
        let file = try TemporaryFile("key\n", name: "key")
        let (values, _) = try layers(["MODELCAST_SIGN_KEY_FILE": file.path])
        let found = try values.layers(for: "sign-key", isRepeated: false)
        #expect(found.map(\.texts) == [["key"]])
        #expect(found.map(\.place) == ["MODELCAST_SIGN_KEY_FILE"])
        let (both, _) = try layers(["MODELCAST_SIGN_KEY_FILE": file.path, "MODELCAST_SIGN_KEY": "other"])
        let error = #expect(throws: ConfigurationError.self) {
            try both.layers(for: "sign-key", isRepeated: false)
        }
        #expect(error?.code == .conflict)
    }

    @Test func aSettingThatIsCalledFileKeepsItsVariable() throws {
        let (values, _) = try layers(["MODELCAST_DATA_FILE": "rides.csv"])
        #expect(try values.layers(for: "data", isRepeated: false).isEmpty)
        #expect(try values.layers(for: "data-file", isRepeated: false).map(\.texts) == [["rides.csv"]])
    }

    @Test func theFileMayBeNamedByTheEnvironment() throws {
        let file = try TemporaryFile("group: file")
        let (values, _) = try layers(["MODELCAST_CONFIG": file.path])
        #expect(try values.layers(for: "group", isRepeated: false).map(\.texts) == [["file"]])
    }

    @Test(arguments: [
        ("gruop: x", ConfigurationError.Code.unknownKey, ":1:1: no setting 'gruop'", "Did you mean 'group'?"),
        ("a: 1", .unknownKey, ":1:1: no setting 'a'", "Settings: broker-config, data, data-file, group"),
        ("config: other.yaml", .unknownKey, ":1:1: no setting 'config'", "Settings: "),
        ("- group", .wrongType, ":1:1: a list instead of settings", "name: value"),
        ("group: x\ngroup: y", .duplicateKey, ":2:1: ", "Remove one"),
    ])
    func aWrongFileIsRefused(yaml: String, code: ConfigurationError.Code, message: String, hint: String)
        throws
    {
        let error = #expect(throws: ConfigurationError.self) { try layers(yaml: yaml) }
        #expect(error?.code == code)
        #expect(error?.message.contains("score.yaml" + message) == true, "\(error?.message ?? "")")
        #expect(error?.hint.contains(hint) == true, "\(error?.hint ?? "")")
    }

    @Test(arguments: ["group:", "group: [[x]]", "group: {a: [x]}", "group: ~"])
    func aValueThatIsNoneIsRefused(yaml: String) throws {
        let (values, file) = try layers(yaml: yaml)
        let error = #expect(throws: ConfigurationError.self) {
            try values.layers(for: "group", isRepeated: false)
        }
        #expect(error?.code == .wrongType)
        withExtendedLifetime(file) {}
    }
}

/// The whole chain as the command uses it: parse, resolve, make.
@Suite struct CommandResolutionTests {
    struct Serve: Command {
        static let config = Arguments.Option("config", optional: .file, help: "Configuration file.")
        static let group = Arguments.Option("group", .text, help: "Group.")
        static let broker = Arguments.Option("broker-config", repeated: .keyValue, help: "Properties.")
        static let batch = Arguments.Option("batch", .integer(), default: "10", help: "Rows.")
        static let once = Arguments.Option(flag: "once", help: "Stop.")
        static let spec = CommandSpec(
            "serve", abstract: "Serve.", options: [config, group, broker, batch, once])

        let values: Values
        init(values: Values) throws { self.values = values }
        func run() async throws {}
    }

    private func resolve(_ words: [String], _ environment: [String: String]) throws -> Values {
        let parser = Parser(.group("modelcast", abstract: "A.", [.command(Serve.self)]))
        guard case .run(let invocation) = try parser.parse(words) else {
            throw ConfigurationError(.syntax, "help")
        }
        let layers = try LayeredValues(
            environment: environment, configurationFile: invocation.text(ofOption: "config"),
            names: invocation.spec.options.map(\.name), suggest: Suggestion.nearest(to:among:))
        return try invocation.resolve { try layers.layers(for: $0.name, isRepeated: $0.arity == .repeated) }
    }

    @Test func flagsOverEnvironmentOverFileOverDefault() throws {
        let file = try TemporaryFile(
            "group: file\nbatch: 20\nonce: true\nbroker-config: {a: file, b: file}\n")
        let words = ["serve", "--config", file.path]
        let fromFile = try resolve(words, [:])
        #expect(try fromFile[Serve.group] == "file")
        #expect(try fromFile[Serve.batch] == 20)
        #expect(try fromFile[Serve.once])
        let environment = [
            "MODELCAST_GROUP": "env", "MODELCAST_BATCH": "30", "MODELCAST_BROKER_CONFIG": "b=env,c=env",
        ]
        let fromEnvironment = try resolve(words, environment)
        #expect(try fromEnvironment[Serve.group] == "env")
        #expect(try fromEnvironment[Serve.batch] == 30)
        let all = try resolve(
            words + ["--group", "flag", "--once=false", "--broker-config", "c=flag"], environment)
        #expect(try all[Serve.group] == "flag")
        #expect(try all[Serve.once] == false)
        let settings = try all[Serve.broker].map { "\($0.key)=\($0.value)" }
        #expect(settings.sorted() == ["a=file", "b=env", "c=flag"])
        #expect(try resolve(["serve", "--group", "g"], [:])[Serve.batch] == 10)
    }

    @Test func aWrongValueInTheFileNamesItsLine() throws {
        let file = try TemporaryFile("group: g\nbatch: many\n")
        let error = #expect(throws: UsageError.self) { try resolve(["serve", "--config", file.path], [:]) }
        #expect(error?.message == "\(file.path):2:8: batch: 'many' is not valid")
    }
}
