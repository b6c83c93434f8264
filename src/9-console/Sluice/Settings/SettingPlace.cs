using System.Collections;
using System.Reflection;

namespace Sluice.Console.Settings;

/// <summary>Marks a map whose names have dots, as properties of Kafka have.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DottedNamesAttribute : Attribute;

/// <summary>Where one value of the settings lies: a property of a section, or an entry of a map.</summary>
/// <param name="Type">What it may hold; of a nullable value, the value.</param>
/// <param name="Value">What it holds.</param>
/// <param name="Put">Gives it another value.</param>
internal sealed record SettingPlace(Type Type, object? Value, Action<object> Put)
{
    private bool HasDottedNames { get; init; }

    /// <summary>Whether a further level can follow: it is a section or a map, and no single value or list.</summary>
    public bool HasKeys => !Scalar.IsKnown(Type) && (!Type.IsGenericType || ItemOfMap(Type) is not null);

    /// <summary>All settings.</summary>
    public static SettingPlace Of(SluiceSettings settings) => new(typeof(SluiceSettings), settings, _ => { });

    /// <summary>The place in this section or map that a level of a variable's name means, the section made when it is absent; null when it has no such key.</summary>
    public SettingPlace? Find(string level)
    {
        var here = Open();
        if (here is not IDictionary map) return Property(here, Kebab(level));
        var name = NameIn(map, level);
        return new SettingPlace(ItemOfMap(Type)!, map[name], value => map[name] = value);
    }

    /// <summary>The property of a section with this key; null when there is none.</summary>
    public static SettingPlace? Property(object section, string key) =>
        Properties(section.GetType()).FirstOrDefault(p => KebabOf(p.Name) == key) is not { } property
            ? null
            : new SettingPlace(
                Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, property.GetValue(section), value => property.SetValue(section, value))
            {
                HasDottedNames = property.IsDefined(typeof(DottedNamesAttribute)),
            };

    /// <summary>What a map from names holds; null when the type is none.</summary>
    public static Type? ItemOfMap(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [var key, var item] && key == typeof(string) ? item : null;

    public static string KeysOf(Type section) => string.Join(", ", Properties(section).Select(p => KebabOf(p.Name)).Order(StringComparer.Ordinal));

    /// <summary>The key that a level of a variable's name spells.</summary>
    public static string Kebab(string level) => level.ToLowerInvariant().Replace('_', '-');

    private object Open()
    {
        if (Value is not null) return Value;
        var made = Activator.CreateInstance(ItemOfMap(Type) is { } item ? typeof(Dictionary<,>).MakeGenericType(typeof(string), item) : Type)!;
        Put(made);
        return made;
    }

    /// <summary>
    /// Shells take neither dots nor hyphens in the name of a variable. So a level means the name that is there and differs in these and in case
    /// alone; else itself, in lower case and with hyphens or dots unless it has lower case of its own.
    /// </summary>
    private string NameIn(IDictionary map, string level)
    {
        var names = map.Keys.Cast<string>().ToList();
        if (names.Contains(level)) return level;
        if (names.FirstOrDefault(name => Loose(name) == Loose(level)) is { } present) return present;
        if (level.Any(char.IsAsciiLetterLower)) return level;
        return HasDottedNames ? Kebab(level).Replace('-', '.') : Kebab(level);
    }

    private static string Loose(string name) => Kebab(name).Replace('.', '-');

    private static IEnumerable<PropertyInfo> Properties(Type section) => section.GetProperties().Where(p => p.CanWrite);

    private static string KebabOf(string property) => string.Concat(
        property.Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
