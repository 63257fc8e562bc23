#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shm/heap/heap.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::shm {

namespace index {
struct Leaf;
}

/// The engine's side of the ordered index over all names; name_index_writer.cpp has the protocol.
///
/// A name is not kept here: an entry is a RecordId, whose slot leads to a version block with the
/// name. REQUIRES for every call: the slot of each indexed record leads to a block with its name.
/// Thread safety: one writer (the engine), any number of readers.
class NameIndexWriter {
public:
    /// Takes a replaced node: the memory may be reused once no reader can be inside it.
    using Retire = std::function<void(Offset, std::uint64_t bytes)>;

    NameIndexWriter(const SegmentView& segment, Heap& heap, Retire retire);

    /// Adds the record under its name. False: no memory, and nothing has changed.
    /// REQUIRES: the name is not in the index.
    [[nodiscard]] bool insert(RecordId record);

    /// Takes the record out. False: no memory, and nothing has changed.
    [[nodiscard]] bool erase(RecordId record);

private:
    class Change;
    /// A child of an inner node, on the way from the root to a leaf.
    struct Place {
        Offset node = 0;
        std::uint32_t child = 0;
    };
    using Path = std::vector<Place>;

    [[nodiscard]] Word& root() const noexcept;
    /// The leaf in which `name` is or would be, and the way there.
    Offset descend(std::string_view name, Path& path) const;
    /// The word that leads to what is below the end of `path`.
    [[nodiscard]] Word& word_above(const Path& path) const noexcept;
    bool split_leaf(Change& change, Path& path, const index::Leaf& leaf, std::uint32_t at,
                    std::uint32_t id);
    bool replace_child(Change& change, Path& path, std::vector<Offset> children,
                       std::vector<std::string> separators);
    bool shrink_leaf(Change& change, Path& path, const index::Leaf& leaf, std::uint32_t at);
    bool remove_child(Change& change, Path& path, std::uint32_t gone, Offset merged);

    SegmentView segment_;
    Heap* heap_;
    Retire retire_;
};

/// A reader's walk over the index in name order, a leaf at a time.
///
/// REQUIRES: the caller holds a pin at revision S from before the construction until after the last
/// use. Then the walk meets every record that existed at S (and perhaps newer or removed ones: the
/// versions decide), in byte order of the names, each once.
class NameIndexCursor {
public:
    explicit NameIndexCursor(const SegmentView& segment) noexcept : segment_(segment) {}

    /// Goes to the first name >= `name`.
    void seek(std::string_view name) noexcept;

    /// The records from here to the end of the leaf, in name order; moves to the next leaf. Empty
    /// at the end. The span is valid while the pin is held.
    [[nodiscard]] std::span<const std::uint32_t> next() noexcept;

private:
    static constexpr int height_max = 16;
    struct Place {
        Offset node = 0;
        std::uint32_t child = 0;
    };
    /// Goes down from `offset` to the leaf of `name`, or to the first one; false: not plausible.
    bool descend(Offset offset, const std::string_view* name) noexcept;
    void move_to_next_leaf() noexcept;

    SegmentView segment_;
    Place path_[height_max];
    int depth_ = 0;
    Offset leaf_ = 0;
    std::uint32_t leaf_begin_ = 0;
};

}  // namespace ringside::shm
