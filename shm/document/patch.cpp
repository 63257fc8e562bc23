#include "shm/document/patch.hpp"

#include <span>
#include <string>

#include "shm/document/stored_key.hpp"

namespace ringside {

namespace {

using Tokens = std::span<const std::string>;

Error not_found(const Pointer& path, const char* what) {
    return {Errc::path_not_found, "'" + path.text() + "': " + what};
}

/// Copies a document while one place of it is set.
class Setter {
public:
    Setter(DocumentBuilder& out, const Value& new_value) : out_(out), new_value_(new_value) {}

    /// Null where the path leads somewhere, else what is missing.
    const char* set(const Value& old, Tokens path) {
        if (path.empty()) {
            out_.value(new_value_);
            return nullptr;
        }
        if (old.is_object()) return set_member(old, path);
        if (old.is_array()) return set_element(old, path);
        return "its parent is no container";
    }

private:
    const char* set_member(const Value& old, Tokens path) {
        std::string stored(2 * path.front().size(), '\0');
        stored.resize(write_stored_key(path.front(), stored.data()));
        if (path.size() > 1 && !old[path.front()].exists()) return "its parent does not exist";
        out_.begin_object();
        std::size_t i = 0;
        for (; i < old.size() && !out_.failed(); ++i) {  // in order: the builder need not sort
            const auto [key, value] = old.member(i);
            if (key >= stored) break;
            out_.stored_key(key);
            out_.value(value);
        }
        const bool exists = i < old.size() && old.key(i) == stored;
        out_.stored_key(stored);
        const char* missing = set(exists ? old.member(i).value : Value(), path.subspan(1));
        for (i += exists ? 1 : 0; i < old.size() && !out_.failed(); ++i) {
            const auto [key, value] = old.member(i);
            out_.stored_key(key);
            out_.value(value);
        }
        out_.end_object();
        return missing;
    }

    const char* set_element(const Value& old, Tokens path) {
        const auto index = Pointer::array_index(path.front(), old.size());
        if (!index) return "an array has no such member";
        if (*index > old.size()) return "the index is beyond the end of the array";
        if (*index == old.size() && path.size() > 1) return "its parent does not exist";
        out_.begin_array();
        const char* missing = nullptr;
        for (std::size_t i = 0; i < old.size() && !out_.failed(); ++i) {
            if (i == *index) {
                missing = set(old[i], path.subspan(1));
            } else {
                out_.value(old[i]);
            }
        }
        if (*index == old.size()) out_.value(new_value_);
        out_.end_array();
        return missing;
    }

    DocumentBuilder& out_;
    const Value& new_value_;
};

/// RFC 7396, section 2, over members that are in order on both sides.
void merge(DocumentBuilder& out, const Value& old, const Value& patch) {
    if (!patch.is_object()) return out.value(patch);
    const std::size_t old_size = old.is_object() ? old.size() : 0;
    out.begin_object();
    std::size_t i = 0;
    std::size_t j = 0;
    while ((i < old_size || j < patch.size()) && !out.failed()) {
        const bool has_old = i < old_size;
        const bool has_new = j < patch.size();
        const Value::Member before = has_old ? old.member(i) : Value::Member();
        const Value::Member change = has_new ? patch.member(j) : Value::Member();
        const bool keeps = has_old && (!has_new || before.key < change.key);
        const bool replaces = has_old && has_new && before.key == change.key;
        if (keeps) {
            out.stored_key(before.key);
            out.value(before.value);
        } else if (!change.value.is_null()) {
            out.stored_key(change.key);
            merge(out, replaces ? before.value : Value(), change.value);
        }
        i += keeps || replaces ? 1 : 0;
        j += keeps ? 0 : 1;
    }
    out.end_object();
}

}  // namespace

Result<ByteView> apply_set(DocumentBuilder& out, const Value& old, const Pointer& path,
                           const Value& new_value) {
    out.clear();
    if (const char* missing = Setter(out, new_value).set(old, path.tokens())) {
        return not_found(path, missing);
    }
    return out.finish();
}

Result<ByteView> apply_merge(DocumentBuilder& out, const std::optional<Value>& old,
                             const Value& patch) {
    out.clear();
    merge(out, old.value_or(Value()), patch);
    return out.finish();
}

}  // namespace ringside
