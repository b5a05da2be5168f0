using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace QedTools.Tests.Compatibility;

/// <summary>
/// What is public and static in the assemblies that Windows PowerShell 5.1 offers: those of .NET Framework 4.7.2 and the
/// PowerShell engine's, both as their reference assemblies say.
/// </summary>
internal sealed class ApiIndex
{
    private const string Constructor = ".ctor";

    private readonly Dictionary<string, ILookup<string, Parameters>> _types = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the assemblies of some folders.</summary>
    public ApiIndex(params IEnumerable<string> folders)
    {
        foreach (string path in folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*.dll")))
        {
            using PEReader file = new(File.OpenRead(path));
            if (file.HasMetadata)
            {
                Add(file.GetMetadataReader());
            }
        }
    }

    /// <summary>The same, of the packages that this project restores.</summary>
    public static Lazy<ApiIndex> WindowsPowerShell { get; } = new(() => new ApiIndex(
        typeof(ApiIndex).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(attribute => attribute.Key == "WindowsPowerShellApi").Select(attribute => attribute.Value!)));

    /// <summary>Whether there is a type of that full name; a generic one with its arity behind a backtick.</summary>
    public bool HasType(string type) => _types.ContainsKey(type);

    /// <summary>Whether a type has a static member of that name which takes so many arguments; of a property or field, null.</summary>
    public bool HasMember(string type, string member, int? arguments) =>
        _types.TryGetValue(type, out ILookup<string, Parameters>? members)
        && (member == "new" ? Constructor : member) is { } name
        && (IsImplied(type, name, arguments) || members[name].Any(parameters => parameters.Takes(arguments)));

    // Value types have a constructor that no metadata shows, and so has every enumeration its members' names.
    private bool IsImplied(string type, string name, int? arguments) =>
        name == Constructor && arguments == 0 && !_types[type].Contains(Constructor);

    private void Add(MetadataReader reader)
    {
        foreach (TypeDefinition type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
        {
            if ((type.Attributes & TypeAttributes.VisibilityMask) is TypeAttributes.Public or TypeAttributes.NestedPublic)
            {
                _types.TryAdd(NameOf(reader, type), MembersOf(reader, type).ToLookup(
                    member => member.Name, member => member.Parameters, StringComparer.OrdinalIgnoreCase));
            }
        }
    }

    private static string NameOf(MetadataReader reader, TypeDefinition type) => type.GetDeclaringType() is { IsNil: false } outer
        ? NameOf(reader, reader.GetTypeDefinition(outer)) + "+" + reader.GetString(type.Name)
        : reader.GetString(type.Namespace) + "." + reader.GetString(type.Name);

    private static IEnumerable<(string Name, Parameters Parameters)> MembersOf(MetadataReader reader, TypeDefinition type)
    {
        foreach (MethodDefinition method in type.GetMethods().Select(reader.GetMethodDefinition))
        {
            string name = reader.GetString(method.Name);
            bool isStatic = method.Attributes.HasFlag(MethodAttributes.Static);
            if ((method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public && (isStatic || name == Constructor))
            {
                yield return (name, Parameters.Of(reader, method));
                if (name.StartsWith("get_", StringComparison.Ordinal))
                {
                    yield return (name[4..], Parameters.None);
                }
            }
        }

        foreach (FieldDefinition field in type.GetFields().Select(reader.GetFieldDefinition))
        {
            if ((field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public && field.Attributes.HasFlag(FieldAttributes.Static))
            {
                yield return (reader.GetString(field.Name), Parameters.None);
            }
        }
    }

    /// <summary>How many arguments a member takes; neither bound is there for what is no method.</summary>
    private readonly record struct Parameters(int? Least, int? Most)
    {
        public static Parameters None => new(null, null);

        public static Parameters Of(MetadataReader reader, MethodDefinition method)
        {
            // A return value's attributes are those of parameter 0, which is there only if it has some.
            List<Parameter> all = [.. method.GetParameters().Select(reader.GetParameter).Where(parameter => parameter.SequenceNumber > 0)];
            int optional = all.Count(parameter => parameter.Attributes.HasFlag(ParameterAttributes.Optional));
            bool isOpen = all.Count > 0 && all[^1].GetCustomAttributes().Any(handle => IsParamArray(reader, handle));
            return new Parameters(all.Count - optional - (isOpen ? 1 : 0), isOpen ? int.MaxValue : all.Count);
        }

        public bool Takes(int? arguments) => arguments is { } count ? count >= Least && count <= Most : true;

        private static bool IsParamArray(MetadataReader reader, CustomAttributeHandle handle) =>
            reader.GetCustomAttribute(handle).Constructor is { Kind: HandleKind.MemberReference or HandleKind.MethodDefinition } constructor
            && AttributeName(reader, constructor) == "ParamArrayAttribute";

        private static string? AttributeName(MetadataReader reader, EntityHandle constructor)
        {
            EntityHandle type = constructor.Kind == HandleKind.MemberReference
                ? reader.GetMemberReference((MemberReferenceHandle)constructor).Parent
                : reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType();
            return type.Kind switch
            {
                HandleKind.TypeReference => reader.GetString(reader.GetTypeReference((TypeReferenceHandle)type).Name),
                HandleKind.TypeDefinition => reader.GetString(reader.GetTypeDefinition((TypeDefinitionHandle)type).Name),
                _ => null,
            };
        }
    }
}
