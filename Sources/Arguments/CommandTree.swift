/// The program's commands: a command, or a named group of commands and groups.
public struct CommandTree: Sendable {
    /// Name, help, arguments and options; a group has no arguments and no options.
    public let spec: CommandSpec
    /// The commands of a group; empty for a command.
    public let children: [CommandTree]
    /// The command of a group that runs when none is named.
    public let defaultChild: String?
    let make: (@Sendable (Values) throws -> any Command)?

    /// A command.
    public static func command<C: Command>(_ type: C.Type) -> CommandTree {
        CommandTree(spec: type.spec, children: [], defaultChild: nil, make: { try type.init(values: $0) })
    }

    /// A group of commands. `defaultChild` runs when none of them is named.
    public static func group(
        _ name: String, abstract: String, discussion: String = "", section: String = "Commands",
        examples: [CommandSpec.Example] = [], default defaultChild: String? = nil, _ children: [CommandTree]
    ) -> CommandTree {
        CommandTree(
            spec: CommandSpec(
                name, abstract: abstract, discussion: discussion, examples: examples, section: section),
            children: children, defaultChild: defaultChild, make: nil)
    }

    /// Whether it is a group.
    public var isGroup: Bool { make == nil }

    /// The direct child of this name.
    public func child(named name: String) -> CommandTree? { children.first { $0.spec.name == name } }

    /// All commands with the words that call them, the program's name not among these, in the order of help.
    public var commands: [(path: [String], spec: CommandSpec)] {
        children.flatMap { child in
            child.isGroup
                ? child.commands.map { ([child.spec.name] + $0.path, $0.spec) }
                : [([child.spec.name], child.spec)]
        }
    }

    /// All groups below this one with the words that lead to them.
    var groups: [(path: [String], tree: CommandTree)] {
        children.filter(\.isGroup).flatMap { child in
            [([child.spec.name], child)] + child.groups.map { ([child.spec.name] + $0.path, $0.tree) }
        }
    }

    /// What is wrong with the declarations; empty when they are sound.
    var problems: [String] {
        var problems = spec.problems
        let names = children.map(\.spec.name)
        if Set(names).count != names.count { problems.append("\(spec.name): two commands of one name") }
        if let defaultChild, !names.contains(defaultChild) {
            problems.append("\(spec.name): the default command \(defaultChild) is not one of its commands")
        }
        return problems + children.flatMap(\.problems)
    }
}
