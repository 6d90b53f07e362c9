import EmbeddedLog
import Modelcast

/// Scores the events that come on standard input, one JSON object a line, with whatever version of a model is
/// in force. Publish another version while it runs: the next line is scored by it.
@main struct EmbeddedScorer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let log = try await EmbeddedLog.open(path: arguments.count > 2 ? arguments[2] : "modelcast.db")
        try await log.createModelcastTopics()
        let models = try await Subscription(log: log, model: arguments.count > 1 ? arguments[1] : "fare")
        let news = Task { for await update in models.updates { print("#", update) } }
        _ = try await models.live(within: .seconds(60))
        while let line = readLine(), let model = models.current {
            do {
                print(try model.score(Array(line.utf8)))
            } catch {
                print("!", error)
            }
        }
        await models.close()
        await news.value
        await log.close(deadline: .seconds(5))
    }
}
