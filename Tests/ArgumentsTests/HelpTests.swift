import Arguments
import Testing

@Suite struct HelpTests {
    private func help(_ words: [String]) throws -> String {
        guard case .help(let text) = try Sample.parser.parse(words) else { return "" }
        return text
    }

    @Test func theProgramsHelp() throws {
        let expected = """
            Distribute machine-learning models as data.

            Usage: modelcast COMMAND [OPTIONS]

            Models:
              publish                 Publish a model.
              models                  List and show models.

            Commands:
              score                   Score the event stream with the model that an alias
                                      points to.

            See 'modelcast help COMMAND' for one of them.

            """
        #expect(try help(["help"]) == expected)
    }

    @Test func aCommandsHelp() throws {
        let expected = """
            Score the event stream with the model that an alias points to.

            Usage: modelcast score --model MODEL[@ALIAS|@V] [OPTIONS]

            Consumed offsets and predictions commit in one transaction, so each event ends
            as exactly one prediction or one dead letter.

            A new model is loaded while the old one scores.

            Options:
              -m, --model MODEL[@ALIAS|@V]
                                      Model to score with. (required)
              --batch N               Rows scored together. (default: 1024)
              --group TEXT            Consumer group.
              --wait DURATION         How long to wait for the first model. (default: 30s)
              --once                  Stop when caught up.
              --password right        A secret.

            Common options:
              --broker-config KEY=VALUE
                                      A property of the broker's client. (may be repeated)
              --format table|json     How to print. (default: table)
              --config FILE           Configuration file.

            Examples:
              modelcast score --model taxi@production --once
                  Score what is there, then stop.

            """
        #expect(try help(["score", "--help"]) == expected)
        #expect(try help(["help", "score"]) == expected)
    }

    @Test func aGroupsHelpMarksItsDefaultCommand() throws {
        #expect(
            try help(["models", "--help"]).contains("  list                    List all models. (default)\n"))
        #expect(
            try help(["models", "--help"]).contains("See 'modelcast help models COMMAND' for one of them."))
    }

    @Test func noLineIsLongerThanATerminal() throws {
        for (path, _) in Sample.tree.commands {
            for line in try help(["help"] + path).split(separator: "\n") {
                #expect(line.count <= 80, "\(line)")
            }
        }
    }
}
