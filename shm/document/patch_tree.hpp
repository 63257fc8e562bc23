#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/value.hpp"

namespace ringside {

/// A document that can be changed in place, for as long as a JSON Patch is applied.
///
/// Lazy: a node is a value of some encoded document until a path leads into it; only then its
/// children get numbers of their own. Copying shares: what is below a copied container belongs to
/// both until one of them changes it. An operation therefore costs its path, not the document, and
/// copying a value into itself again and again takes no memory; the limits of a document stop it
/// when the result is encoded.
///
/// The values that were put in must outlive the tree. Thread safety: one thread.
class PatchTree {
public:
    using NodeId = std::uint32_t;

    explicit PatchTree(const Value& root);

    /// A node that is not yet part of the document.
    NodeId make(const Value& value);
    /// As `make`, with what another node holds now. Errors: bad_patch, see below.
    Result<NodeId> copy(NodeId node);

    /// Errors of all of these: path_not_found; bad_patch when the patch causes more work than
    /// `work_max`.
    Result<NodeId> find(const Pointer& path);
    /// As the `add` of RFC 6902: adds or replaces a member, inserts an element.
    Result<void> add(const Pointer& path, NodeId node);
    Result<void> replace(const Pointer& path, NodeId node);
    /// The node is no longer part of the document, and can be added again elsewhere. Additional
    /// error: bad_patch for the root.
    Result<NodeId> remove(const Pointer& path);

    [[nodiscard]] bool is_same(NodeId node, const Value& value) const;
    void encode(DocumentBuilder& out) const { encode(root_, out); }

private:
    /// Children that may be numbered, copied or moved by one patch; a move counts a 64th.
    static constexpr std::size_t work_max = 64ULL << 20;

    /// A child is a number: below `source.size()` that element of `source`, above it a node.
    struct Node {
        Value source;
        std::string_view key;  ///< as a member, in its stored form
        bool is_expanded;      ///< `children` counts, not what `source` holds
        bool is_shared;        ///< child of several nodes: must be cloned before it is changed
        std::pmr::vector<std::uint32_t> children;
    };

    /// Where the last token of a path leads: a place in a container.
    struct Place {
        NodeId parent;
        std::size_t index;
        bool exists;
    };

    Result<Place> locate(const Pointer& path);
    std::optional<Place> place_of(NodeId parent, std::string_view token);
    Result<void> expand(NodeId node);
    Result<NodeId> child_for_change(const Place& place);
    Result<void> spend(std::size_t work);
    void link(const Place& place, NodeId node);
    std::string_view store_key(std::string_view token);

    [[nodiscard]] static bool is_node(const Node& parent, std::uint32_t child) noexcept {
        return child >= parent.source.size();
    }
    [[nodiscard]] static NodeId node_of(const Node& parent, std::uint32_t child) noexcept {
        return child - static_cast<std::uint32_t>(parent.source.size());
    }
    [[nodiscard]] std::string_view key_of(const Node& parent, std::uint32_t child) const noexcept;
    void encode(NodeId node, DocumentBuilder& out) const;

    std::array<std::byte, 4096> first_memory_;
    std::pmr::monotonic_buffer_resource memory_{first_memory_.data(), first_memory_.size()};
    std::pmr::deque<Node> nodes_{&memory_};
    NodeId root_;
    std::size_t work_left_ = work_max;
};

}  // namespace ringside
