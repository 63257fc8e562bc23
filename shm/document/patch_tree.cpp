#include "shm/document/patch_tree.hpp"

#include <algorithm>
#include <numeric>

#include "shm/document/stored_key.hpp"

namespace ringside {

namespace {

Error not_found(const Pointer& path) { return {Errc::path_not_found, "'" + path.text() + "'"}; }

}  // namespace

PatchTree::PatchTree(const Value& root) : root_(make(root)) {}

PatchTree::NodeId PatchTree::make(const Value& value) {
    nodes_.push_back({value, {}, false, false, std::pmr::vector<std::uint32_t>(&memory_)});
    return static_cast<NodeId>(nodes_.size() - 1);
}

Result<PatchTree::NodeId> PatchTree::copy(NodeId node) {
    if (auto allowed = spend(nodes_[node].children.size()); !allowed) return allowed.error();
    const NodeId twin = make(nodes_[node].source);
    const Node& from = nodes_[node];
    Node& to = nodes_[twin];
    to.key = from.key;
    to.is_expanded = from.is_expanded;
    to.children = from.children;
    for (const std::uint32_t child : from.children) {
        if (is_node(from, child)) nodes_[node_of(from, child)].is_shared = true;
    }
    return twin;
}

Result<void> PatchTree::spend(std::size_t work) {
    if (work > work_left_) {
        return Error(Errc::bad_patch, "it causes more work than one patch may: split it");
    }
    work_left_ -= work;
    return {};
}

Result<void> PatchTree::expand(NodeId id) {
    Node& node = nodes_[id];
    if (node.is_expanded) return {};
    if (auto allowed = spend(node.source.size()); !allowed) return allowed;
    node.children.reserve(node.source.size() + 4);
    node.children.resize(node.source.size());
    std::iota(node.children.begin(), node.children.end(), 0U);
    node.is_expanded = true;
    return {};
}

std::string_view PatchTree::key_of(const Node& parent, std::uint32_t child) const noexcept {
    return is_node(parent, child) ? nodes_[node_of(parent, child)].key : parent.source.key(child);
}

/// None where the token means nothing in this container.
std::optional<PatchTree::Place> PatchTree::place_of(NodeId id, std::string_view token) {
    const Node& node = nodes_[id];
    if (node.source.is_array()) {
        const auto index = Pointer::array_index(token, node.children.size());
        if (!index || *index > node.children.size()) return std::nullopt;
        return Place{id, *index, *index < node.children.size()};
    }
    const std::string_view key = store_key(token);
    const auto found = std::lower_bound(
        node.children.begin(), node.children.end(), key,
        [&](std::uint32_t child, std::string_view k) { return key_of(node, child) < k; });
    const bool exists = found != node.children.end() && key_of(node, *found) == key;
    return Place{id, static_cast<std::size_t>(found - node.children.begin()), exists};
}

/// The token as it is stored in a document; copied only where that differs.
std::string_view PatchTree::store_key(std::string_view token) {
    if (token.find('\0') == std::string_view::npos) return token;
    auto* stored = static_cast<char*>(memory_.allocate(2 * token.size(), 1));
    return {stored, write_stored_key(token, stored)};
}

/// Goes down to the parent, making every container on the way one that can be changed.
Result<PatchTree::Place> PatchTree::locate(const Pointer& path) {
    NodeId parent = root_;
    const auto& tokens = path.tokens();
    for (std::size_t i = 0;; ++i) {
        if (!nodes_[parent].source.is_container()) return not_found(path);
        if (auto expanded = expand(parent); !expanded) return expanded.error();
        const auto place = place_of(parent, tokens[i]);
        if (!place) return not_found(path);
        if (i + 1 == tokens.size()) return *place;
        if (!place->exists) return not_found(path);
        const auto child = child_for_change(*place);
        if (!child) return child.error();
        parent = *child;
    }
}

/// The child as a node that belongs to this parent alone.
Result<PatchTree::NodeId> PatchTree::child_for_change(const Place& place) {
    const std::uint32_t child = nodes_[place.parent].children[place.index];
    NodeId node = 0;
    if (!is_node(nodes_[place.parent], child)) {
        const Value& source = nodes_[place.parent].source;
        node = make(source.is_array() ? source[child] : source.member(child).value);
        nodes_[node].key = nodes_[place.parent].source.key(child);
    } else {
        node = node_of(nodes_[place.parent], child);
        if (!nodes_[node].is_shared) return node;
        const auto own = copy(node);
        if (!own) return own.error();
        node = *own;
    }
    link(place, node);
    return node;
}

void PatchTree::link(const Place& place, NodeId node) {
    Node& parent = nodes_[place.parent];
    parent.children[place.index] = static_cast<std::uint32_t>(parent.source.size()) + node;
}

Result<PatchTree::NodeId> PatchTree::find(const Pointer& path) {
    if (path.empty()) return root_;
    const auto place = locate(path);
    if (!place) return place.error();
    if (!place->exists) return not_found(path);
    return child_for_change(*place);
}

Result<void> PatchTree::add(const Pointer& path, NodeId node) {
    if (path.empty()) {
        root_ = node;
        return {};
    }
    const auto place = locate(path);
    if (!place) return place.error();
    Node& parent = nodes_[place->parent];
    if (parent.source.is_object()) nodes_[node].key = store_key(path.tokens().back());
    if (parent.source.is_array() || !place->exists) {
        const auto moved = parent.children.size() - place->index;
        if (auto allowed = spend(1 + moved / 64); !allowed) return allowed;
        parent.children.insert(parent.children.begin() + static_cast<std::ptrdiff_t>(place->index),
                               0U);
    }
    link(*place, node);
    return {};
}

Result<void> PatchTree::replace(const Pointer& path, NodeId node) {
    if (path.empty()) {
        root_ = node;
        return {};
    }
    const auto place = locate(path);
    if (!place) return place.error();
    if (!place->exists) return not_found(path);
    if (nodes_[place->parent].source.is_object()) {
        nodes_[node].key = store_key(path.tokens().back());
    }
    link(*place, node);
    return {};
}

Result<PatchTree::NodeId> PatchTree::remove(const Pointer& path) {
    if (path.empty()) return Error(Errc::bad_patch, "the whole document cannot be removed");
    const auto place = locate(path);
    if (!place) return place.error();
    if (!place->exists) return not_found(path);
    const auto child = child_for_change(*place);
    if (!child) return child.error();
    auto& children = nodes_[place->parent].children;
    if (auto allowed = spend(1 + (children.size() - place->index) / 64); !allowed) {
        return allowed.error();
    }
    children.erase(children.begin() + static_cast<std::ptrdiff_t>(place->index));
    return *child;
}

bool PatchTree::is_same(NodeId id, const Value& value) const {
    const Node& node = nodes_[id];
    if (!node.is_expanded) return node.source.is_same(value);
    if (node.source.type() != value.type() || node.children.size() != value.size()) return false;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        const std::uint32_t child = node.children[i];
        const Value other = value.is_array() ? value[i] : value.member(i).value;
        if (value.is_object() && key_of(node, child) != value.key(i)) return false;
        if (is_node(node, child) ? !is_same(node_of(node, child), other)
            : value.is_array()   ? !node.source[child].is_same(other)
                                 : !node.source.member(child).value.is_same(other)) {
            return false;
        }
    }
    return true;
}

/// The builder's limit of nesting bounds the recursion.
void PatchTree::encode(NodeId id, DocumentBuilder& out) const {
    const Node& node = nodes_[id];
    if (!node.is_expanded) return out.value(node.source);
    const bool is_object = node.source.is_object();
    if (is_object) {
        out.begin_object();
    } else {
        out.begin_array();
    }
    for (const std::uint32_t child : node.children) {
        if (out.failed()) return;
        if (is_object) out.stored_key(key_of(node, child));
        if (is_node(node, child)) {
            encode(node_of(node, child), out);
        } else {
            out.value(is_object ? node.source.member(child).value : node.source[child]);
        }
    }
    if (is_object) {
        out.end_object();
    } else {
        out.end_array();
    }
}

}  // namespace ringside
