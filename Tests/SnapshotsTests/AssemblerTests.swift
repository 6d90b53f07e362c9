import Basics
import Crypto
import EventLog
import Testing

@testable import Snapshots

@Suite struct AssemblerTests {
    /// Files and chunks of up to five bytes, every wish: the chunks that are fetched hold every wanted
    /// byte, and none is fetched that holds none; what comes out is what went in.
    @Test func everySmallCutGivesTheWantedFilesBack() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<3_000 {
            let sizes = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                Int.random(in: 0...4, using: &random)
            }
            let total = sizes.reduce(0, +)
            let bytes = (0..<total).map { UInt8($0) }
            var cuts: [Int] = []
            while cuts.reduce(0, +) < total {
                cuts.append(min(Int.random(in: 1...5, using: &random), total - cuts.reduce(0, +)))
            }
            let isWanted = sizes.map { _ in Bool.random(using: &random) }
            try check(sizes, cuts, isWanted, bytes)
        }
    }

    private func check(_ sizes: [Int], _ cuts: [Int], _ isWanted: [Bool], _ bytes: [UInt8]) throws {
        var at = 0
        var contents = SnapshotContents(files: [], chunks: [])
        var owners: [Int] = []
        for (index, size) in sizes.enumerated() {
            let part = Array(bytes[at..<at + size])
            contents.files.append(FileEntry(path: "f\(index)", size: Int64(size), digest: Digest(of: part)))
            owners += Array(repeating: index, count: size)
            at += size
        }
        at = 0
        var raws: [[UInt8]] = []
        var expected: [Bool] = []
        for cut in cuts {
            let raw = Array(bytes[at..<at + cut])
            raws.append(raw)
            expected.append(owners[at..<at + cut].contains { isWanted[$0] })
            contents.chunks.append(
                ChunkEntry(
                    digest: Digest(of: raw), size: cut, frameSize: 1, partition: Partition(0),
                    offset: Offset(0)))
            at += cut
        }
        #expect(Assembler.needed(contents, isWanted: isWanted) == expected, "\(sizes) \(cuts) \(isWanted)")
        let sink = MemorySink()
        var assembler = try Assembler(files: contents.files, isWanted: isWanted, sink: sink)
        for (index, raw) in raws.enumerated() {
            if expected[index] { try assembler.append(raw) } else { try assembler.skip(raw.count) }
        }
        try assembler.finish()
        #expect(sink.files.count == isWanted.count { $0 })
        for (index, file) in contents.files.enumerated() where isWanted[index] {
            #expect(sink.files[file.path].map { Digest(of: $0) } == file.digest)
        }
    }
}
