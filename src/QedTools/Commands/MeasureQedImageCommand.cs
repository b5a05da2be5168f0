using System.Management.Automation;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Measure-QedImage: how large the result of a conversion will be, before it is made.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "QedImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(QedMeasure))]
public sealed class MeasureQedImageCommand : QedTargetCommand
{
    private protected override void ProcessFile(string path)
    {
        RequireWholeSector(path, SizeBytes);
        QedDiskFormat format = DefaultFormatOf(path);

        // There is no result in whose folder the name of a backing file could begin.
        string? backingFile = BackingFile is null ? null : SessionPaths.ToExistingHost(this, BackingFile);
        DiskMeasurementOptions options = new()
        {
            Conversion = ToConversion(format, backingFile) with { Trace = Trace },
        };
        string destination = System.IO.Path.ChangeExtension(path, DiskConversion.ExtensionOf(format));
        WriteObject(WithProgress(
            Messages.Measuring, path, progress => DiskMeasurement.Run(path, destination, options, progress, Cancellation)));
    }
}
