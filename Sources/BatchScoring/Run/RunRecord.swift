public import Basics

/// A run as the store has it: a row of the table `runs`.
public struct RunRecord: Sendable, Hashable {
    /// Its name.
    public var run: String { progress.run }
    /// What it is made of.
    public let identity: RunIdentity
    /// The input's path as it was given, for people.
    public let input: String
    /// The input's size.
    public let inputBytes: Int
    /// Where it stands.
    public let progress: RunMachine
    /// When it was begun.
    public let createdAt: Timestamp
    /// When its last row was written; nil while it is incomplete.
    public let completedAt: Timestamp?
    /// When somebody held, approved or rejected it; nil when nobody did.
    public let decidedAt: Timestamp?
    /// Who did.
    public let decidedBy: String?
    /// Why.
    public let note: String?
    /// Its place among the approved runs of the store: the highest is the newest. Nil unless it is approved.
    public let approval: Int?
}
