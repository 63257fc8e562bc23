#include <deque>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/document/patch.hpp"
#include "shm/document/patch_tree.hpp"

namespace ringside {

namespace {

Error bad(std::string what) { return {Errc::bad_patch, std::move(what)}; }

/// Applies the operations of one patch, one after the other.
class JsonPatch {
public:
    explicit JsonPatch(const Value& old) : tree_(old) {}

    Result<void> apply(const Value& operation) {
        const auto op = operation["op"].as_string();
        if (!op) return bad("it has no 'op'");
        const auto path = pointer(operation, "path");
        if (!path) return path.error();
        if (*op == "add" || *op == "replace" || *op == "test") {
            const Value value = operation["value"];
            if (!value.exists()) return bad("it has no 'value'");
            if (*op == "add") return tree_.add(**path, tree_.make(value));
            return *op == "test" ? test(**path, value) : tree_.replace(**path, tree_.make(value));
        }
        if (*op == "remove") {
            const auto removed = tree_.remove(**path);
            return removed ? Result<void>() : removed.error();
        }
        if (*op != "move" && *op != "copy") return bad("there is no 'op' of this name");
        const auto from = pointer(operation, "from");
        if (!from) return from.error();
        return *op == "move" ? move(**from, **path) : copy(**from, **path);
    }

    void encode(DocumentBuilder& out) const { tree_.encode(out); }

private:
    /// Kept for as long as the tree, whose keys are parts of paths.
    Result<const Pointer*> pointer(const Value& operation, const char* member) {
        const auto text = operation[member].as_string();
        if (!text) return bad(std::string("it has no '") + member + "'");
        auto parsed = Pointer::parse(*text);
        if (!parsed) {
            return bad(std::string("its '") + member + "': " + parsed.error().detail);
        }
        return &paths_.emplace_back(std::move(*parsed));
    }

    Result<void> test(const Pointer& path, const Value& value) {
        const auto node = tree_.find(path);
        if (!node) return node.error();
        if (tree_.is_same(*node, value)) return {};
        return Error(Errc::test_failed, "'" + path.text() + "' has another value");
    }

    Result<void> copy(const Pointer& from, const Pointer& path) {
        const auto node = tree_.find(from);
        if (!node) return node.error();
        const auto twin = tree_.copy(*node);
        return twin ? tree_.add(path, *twin) : twin.error();
    }

    Result<void> move(const Pointer& from, const Pointer& path) {
        if (from.is_prefix_of(path) && !(from == path)) return bad("it moves a value into itself");
        if (from == path) {
            const auto node = tree_.find(from);
            return node ? Result<void>() : node.error();
        }
        const auto node = tree_.remove(from);
        if (!node) return node.error();
        return tree_.add(path, *node);
    }

    std::deque<Pointer> paths_;
    PatchTree tree_;
};

}  // namespace

Result<ByteView> apply_json_patch(DocumentBuilder& out, const Value& old, const Value& patch) {
    out.clear();
    if (!patch.is_array()) return bad("it is not an array of operations");
    if (patch.size() > limits::patch_operations_max) {
        return bad("it has " + std::to_string(patch.size()) + " operations");
    }
    JsonPatch applied(old);
    for (std::size_t i = 0; i < patch.size(); ++i) {
        if (auto result = applied.apply(patch[i]); !result) {
            return Error(result.error().code,
                         "operation " + std::to_string(i) + ": " + result.error().detail);
        }
    }
    applied.encode(out);
    return out.finish();
}

}  // namespace ringside
