/// The order in which a version is published: a pure value that is told what was done and says what to do
/// next.
///
/// The order is guarantee 1: a version is visible whole and checked, or not at all. Nothing is sent before
/// the model was loaded and scored here, and the manifest is not claimed before every chunk was
/// acknowledged and read back.
public struct PublicationMachine: Sendable, Hashable {
    /// What is being done.
    public enum Phase: String, Sendable, CaseIterable {
        /// Nothing yet.
        case idle
        /// The model is loaded and its golden rows are scored.
        case validating
        /// The files' digests are taken.
        case describing
        /// Chunks are sent and read back.
        case sending
        /// The version's number is claimed.
        case claiming
        /// The alias is moved.
        case promoting
        /// The version is published.
        case done
        /// It is not.
        case failed
    }

    /// What was done.
    enum Event: Sendable, Hashable, CaseIterable {
        case begin
        case validated
        case described
        /// Every chunk was acknowledged, read back and compared.
        case checked
        case claimed
        case promoted
        case failure
    }

    /// What to do.
    enum Action: Sendable, Hashable {
        case validate
        case describe
        /// Send the chunks that the log does not have, and read all of them back.
        case send
        case claim
        case promote
        /// Forget the journal: the catalog names the chunks now.
        case finish
        case stop
    }

    /// What is being done.
    private(set) var phase = Phase.idle
    private let hasAlias: Bool

    /// A publication that has not begun; with `hasAlias`, an alias is moved at the end.
    init(hasAlias: Bool) {
        self.hasAlias = hasAlias
    }

    /// Takes in what was done; returns what to do next. An event that does not belong to the phase changes
    /// nothing.
    mutating func handle(_ event: Event) -> [Action] {
        switch (phase, event) {
        case (.done, _), (.failed, _):
            return []
        case (_, .failure):
            phase = .failed
            return [.stop]
        case (.idle, .begin):
            phase = .validating
            return [.validate]
        case (.validating, .validated):
            phase = .describing
            return [.describe]
        case (.describing, .described):
            phase = .sending
            return [.send]
        case (.sending, .checked):
            phase = .claiming
            return [.claim]
        case (.claiming, .claimed) where hasAlias:
            phase = .promoting
            return [.finish, .promote]
        case (.claiming, .claimed):
            phase = .done
            return [.finish]
        case (.promoting, .promoted):
            phase = .done
            return []
        default:
            return []
        }
    }
}
