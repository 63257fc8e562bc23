#pragma once

#include <array>
#include <boost/container/static_vector.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shm/heap/heap.hpp"
#include "shm/index/node.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::shm {

namespace index {
class Change;
}

/// Engine's side of the ordered index over all names; name_index_writer.cpp has the protocol.
///
/// The index does not store names: an entry is a RecordId, whose slot leads to a version block with
/// the name. REQUIRES: the slot of each indexed record leads to a block with its name. This must
/// hold until the nodes that were retired at its erasure may be reused, because readers may still
/// be inside them.
/// Thread safety: one writer (the engine), any number of readers.
class NameIndexWriter {
public:
    /// Takes a replaced node, whose memory may be reused when no reader can be inside it.
    using Retire = std::function<void(Offset, std::uint64_t bytes)>;

    /// `root`: root word of the tree, in the segment.
    NameIndexWriter(const SegmentView& segment, Heap& heap, Retire retire, Word& root);

    /// Adds the record under its name. Returns false, without a change, if there is no memory.
    /// REQUIRES: the name is not in the index.
    [[nodiscard]] bool insert(RecordId record);

    /// Removes the record. Returns false, without a change, if there is no memory.
    [[nodiscard]] bool erase(RecordId record);

    [[nodiscard]] std::optional<RecordId> find(std::string_view name) const;

private:
    /// A child of an inner node, on the path from the root to a leaf.
    struct Place {
        Offset node = 0;
        std::uint32_t child = 0;
    };
    using Path = boost::container::static_vector<Place, index::height_max>;

    /// Returns the leaf that holds `name` or would hold it, and the path to it.
    Offset descend(std::string_view name, Path& path) const;
    /// Returns the word that refers to the subtree below the end of `path`.
    [[nodiscard]] Word& word_above(const Path& path) const noexcept;
    [[nodiscard]] bool link(index::Change& change, const Path& path, Offset made);
    bool split_leaf(index::Change& change, Path& path, const index::Leaf& leaf, std::uint32_t at,
                    std::uint32_t id);
    bool replace_child(index::Change& change, Path& path, Offset left, std::string separator,
                       Offset right);
    bool shrink_leaf(index::Change& change, Path& path, const index::Leaf& leaf, std::uint32_t at);
    bool remove_child(index::Change& change, Path& path, std::uint32_t gone, Offset merged);

    SegmentView segment_;
    Heap* heap_;
    Retire retire_;
    Word* root_;
};

/// Reader's walk over the index in name order, one leaf at a time.
///
/// REQUIRES: the caller holds a pin at revision S from before the construction until after the last
/// use. Then the walk visits every record that existed at S, in byte order of the names, each once.
/// It may also visit newer or removed records; their versions decide. If the pin was revoked, the
/// walk still ends and reads nothing outside the segment, but the ids may be any numbers.
class NameIndexCursor {
public:
    /// Walks over the names of all records.
    explicit NameIndexCursor(const SegmentView& segment) noexcept
        : NameIndexCursor(segment, segment.header().root.index) {}
    /// Walks over the tree with this root.
    NameIndexCursor(const SegmentView& segment, const Word& root) noexcept
        : segment_(segment), root_(&root) {}

    /// Moves to the first name >= `name`.
    void seek(std::string_view name) noexcept;

    /// Returns the records from the current position to the end of the leaf, in name order. Moves
    /// to the next leaf and starts to load it. Empty at the end. The span is valid while the pin is
    /// held.
    [[nodiscard]] std::span<const std::uint32_t> next() noexcept;

private:
    /// An inner node on the path, with its header at the time the walk entered it.
    struct Place {
        Offset node = 0;
        index::NodeHeader header;
        std::uint32_t child = 0;
    };
    /// Descends from `offset`, a node of this level, to the leaf of `name`, or to the first leaf.
    /// Returns false if a node is not plausible: this ends the walk.
    bool descend(Offset offset, std::uint32_t level, const std::string_view* name) noexcept;
    bool enter_next_leaf() noexcept;
    void prefetch_next_leaf() const noexcept;
    [[nodiscard]] Offset child_at(const Place& place, std::uint32_t child) const noexcept;

    SegmentView segment_;
    const Word* root_;
    std::array<Place, index::height_max> path_;
    std::uint32_t depth_ = 0;
    Offset leaf_ = 0;
    index::NodeHeader leaf_header_;
    std::uint32_t leaf_begin_ = 0;  ///< first entry that was not returned yet
};

}  // namespace ringside::shm
