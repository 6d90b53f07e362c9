import Basics
import Testing

@testable import Snapshots

@Suite struct ChunkLayoutTests {
    /// Every list of up to five sizes around the chunk's own: the chunks hold the files' bytes in order, none
    /// is empty or too large, large files stand alone, small ones are never cut.
    @Test func allSmallLayoutsHoldEveryByteOnce() {
        let sizes: [Int64] = [0, 1, 3, 4, 5, 8, 9]
        for count in 1...5 {
            var indices = [Int](repeating: 0, count: count)
            repeat {
                check(indices.map { sizes[$0] }, chunkBytes: 4)
            } while advance(&indices, below: sizes.count)
        }
    }

    private func advance(_ indices: inout [Int], below end: Int) -> Bool {
        for position in indices.indices {
            indices[position] += 1
            if indices[position] < end { return true }
            indices[position] = 0
        }
        return false
    }

    private func check(_ sizes: [Int64], chunkBytes: Int) {
        let layout = ChunkLayout(sizes: sizes, chunkBytes: chunkBytes)
        var next = [Int64](repeating: 0, count: sizes.count)
        var file = 0
        for chunk in layout.chunks {
            #expect(chunk.size > 0 && chunk.size <= chunkBytes)
            let hasLarge = chunk.parts.contains { sizes[$0.file] > Int64(chunkBytes) }
            #expect(!hasLarge || chunk.parts.count == 1, "\(sizes)")
            for part in chunk.parts {
                #expect(part.file >= file && part.start == next[part.file], "\(sizes)")
                if sizes[part.file] <= Int64(chunkBytes) { #expect(Int64(part.count) == sizes[part.file]) }
                file = part.file
                next[part.file] += Int64(part.count)
            }
        }
        #expect(next == sizes)
    }

    @Test func aSmallModelIsOneChunk() {
        #expect(ChunkLayout(sizes: [40_000, 2_000, 9_000, 500_000]).chunks.count == 1)
    }
}
