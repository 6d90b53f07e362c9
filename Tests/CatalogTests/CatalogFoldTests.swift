import Basics
import Crypto
import EventLog
import Snapshots
import Testing

@testable import Catalog

@Suite struct CatalogFoldTests {
    private func claim(_ text: String) -> ClaimID { ClaimID(text)! }
    private func version(_ text: String) -> CatalogKey { .version(model, claim(text)) }
    private func retirement(_ version: ModelVersion) -> CatalogRecord.Body {
        .retirement(
            Retirement(
                model: model, version: version, digest: Digest(of: [0]), by: "ann",
                at: Timestamp(milliseconds: 0),
                why: "bad"))
    }

    @Test func theFirstClaimOfANumberWins() {
        var history = History()
        _ = history.append(version("a"), .manifest(makeManifest(1, by: "ann")))
        _ = history.append(version("b"), .manifest(makeManifest(1, by: "bob")))
        _ = history.append(version("c"), .manifest(makeManifest(2, by: "cat")))
        let entry = History.fold(history.whole).models[model]
        #expect(entry?.versions[1]?.manifest?.publisher == "ann")
        #expect(entry?.versions[2]?.manifest?.publisher == "cat")
        #expect(entry?.lostVersions == [claim("b"): 1])
    }

    /// What goes wrong without the rule that a retirement names its winner: compaction leaves the dead loser
    /// in front.
    @Test func aLoserDoesNotRiseWhenItsWinnerIsRetiredAndCompacted() {
        var history = History()
        _ = history.append(version("a"), .manifest(makeManifest(1, by: "ann")))
        _ = history.append(version("b"), .manifest(makeManifest(1, by: "bob")))
        _ = history.append(version("a"), retirement(1))
        history.compact(before: history.end, dropsTombstones: true)
        #expect(history.log.map(\.key) == [version("b"), version("a")])
        let entry = History.fold(history.log).models[model]
        #expect(entry?.versions[1]?.manifest == nil && entry?.versions[1]?.claim == claim("a"))
        #expect(entry?.lostVersions == [claim("b"): 1])
    }

    @Test func aRetiredNumberIsNotGivenAgain() {
        var history = History()
        _ = history.append(version("a"), .manifest(makeManifest(1)))
        _ = history.append(version("a"), retirement(1))
        history.compact(before: history.end, dropsTombstones: true)
        let state = History.fold(history.log)
        #expect(state.models[model]?.highest == 1)
        #expect(throws: CatalogError(.retired, "")) { try state.resolve(ModelReference(model, .version(1))) }
    }

    @Test func aWinnersManifestCannotBeReplaced() {
        var history = History()
        _ = history.append(version("a"), .manifest(makeManifest(1, by: "ann")))
        var state = History.fold(history.whole)
        let forged = CatalogRecord(
            key: version("a"), body: .manifest(makeManifest(1, by: "eve", content: 1)), offset: Offset(9),
            timestamp: Timestamp(milliseconds: 0))
        guard case .skipped = state.apply(forged) else {
            Issue.record("a version was replaced")
            return
        }
        #expect(state == History.fold(history.whole))
    }

    @Test func aModelAloneIsProductionElseTheNewest() throws {
        var history = History()
        _ = history.append(version("a"), .manifest(makeManifest(1)))
        _ = history.append(version("b"), .manifest(makeManifest(2)))
        var state = History.fold(history.whole)
        #expect(try state.resolve(ModelReference("fare")).version == 2)
        #expect(throws: CatalogError(.notFound, "")) { try state.resolve(ModelReference("fare@production")) }
        state.apply(alias(1, to: 1))
        #expect(try state.resolve(ModelReference("fare")).version == 1)
        #expect(try state.resolve(ModelReference("fare@production")).version == 1)
        #expect(try state.resolve(ModelReference("fare@2")).version == 2)
        state.apply(alias(2, to: nil))
        #expect(try state.resolve(ModelReference("fare")).version == 2)
        #expect(throws: CatalogError(.notFound, "")) { try state.resolve(ModelReference("taxi")) }
    }

    private func alias(_ revision: Int, to version: ModelVersion?) -> CatalogRecord {
        CatalogRecord(
            key: .alias(model, "production", claim("r\(revision)")),
            body: .alias(
                AliasRevision(
                    model: model, alias: "production", revision: revision, version: version, replaces: nil,
                    by: "ann",
                    at: Timestamp(milliseconds: 0), why: "")), offset: Offset(Int64(100 + revision)),
            timestamp: Timestamp(milliseconds: 0))
    }

    @Test(arguments: [
        "", "@", "fare@", "fare@@x", "-fare", "fa re", "fare@9x!", "fare@0", "fare@v0", "fare/x", "färe",
    ])
    func aReferenceThatBreaksTheRuleIsRefused(text: String) {
        #expect(throws: CatalogError(.invalidName, "")) { try ModelReference(text) }
    }

    @Test func referencesReadBackAsTheyAreWritten() throws {
        for text in ["fare", "fare@staging", "fare@7", "Fare_2.x-y@champion-2"] {
            #expect(try ModelReference(text).description == text)
        }
        #expect(try ModelReference("fare@v7") == ModelReference("fare@7"))
        let likeVersion = "v7"
        #expect(throws: CatalogError.self) { try AliasName(likeVersion) }
    }

    @Test func keysReadBackAndHostileOnesAreRefused() {
        for key in [version("0a-b"), CatalogKey.alias(model, "x", claim("1")), .other("rollout/fare/1")] {
            #expect(CatalogKey(bytes: key.bytes) == key)
        }
        for text in [
            "version", "version/", "version/fare", "version/fare/", "version/fare/A", "version/../x",
            "version/fare/a/b",
            "alias/fare/a", "alias/fare/7/a", "alias/fare//a",
            "version/fare/\(String(repeating: "a", count: 65))",
        ] {
            #expect(CatalogKey(bytes: Array(text.utf8)) == nil, "\(text)")
        }
        #expect(CatalogKey(bytes: [0xff, 0xfe]) == nil)
    }
}
